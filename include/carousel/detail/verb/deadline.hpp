#pragma once

#include <algorithm>
#include <chrono>

#include "carousel/detail/base/any_duration.hpp"
#include "carousel/detail/driver/context.hpp"

namespace carousel::detail {

inline constexpr steady_time no_deadline = steady_time::max();

/// At least a tick ahead, so that what begins now is submitted once before its time is up.
[[nodiscard]] inline steady_time deadline_in(std::chrono::nanoseconds duration) noexcept {
  if (duration == std::chrono::nanoseconds::max()) return no_deadline;
  const steady_time here = now();
  const std::chrono::nanoseconds ahead = std::max(duration, std::chrono::nanoseconds(1));
  return ahead < no_deadline - here ? here + ahead : no_deadline;
}

}  // namespace carousel::detail
