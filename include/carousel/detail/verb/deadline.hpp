#pragma once

#include <algorithm>
#include <chrono>
#include <type_traits>

#include "carousel/detail/driver/context.hpp"

namespace carousel::detail {

inline constexpr steady_time no_deadline = steady_time::max();

/// Any duration in nanoseconds; one that they cannot tell is the longest that they can, for ever.
template <class Rep, class Period>
[[nodiscard]] constexpr std::chrono::nanoseconds saturated(
    std::chrono::duration<Rep, Period> duration) noexcept {
  using seconds = std::chrono::duration<double>;
  using std::chrono::nanoseconds;
  if (seconds(duration) >= seconds(nanoseconds::max())) return nanoseconds::max();
  if (seconds(duration) <= seconds::zero()) return nanoseconds::zero();
  return std::chrono::ceil<nanoseconds>(duration);
}

/// At least a tick ahead, so that what begins now is submitted once before its time is up.
[[nodiscard]] inline steady_time deadline_in(std::chrono::nanoseconds duration) noexcept {
  if (duration == std::chrono::nanoseconds::max()) return no_deadline;
  const steady_time here = now();
  const std::chrono::nanoseconds ahead = std::max(duration, std::chrono::nanoseconds(1));
  return ahead < no_deadline - here ? here + ahead : no_deadline;
}

}  // namespace carousel::detail
