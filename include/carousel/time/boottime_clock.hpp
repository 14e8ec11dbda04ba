#pragma once

#include "carousel/config.hpp"

#include <chrono>
#include <utility>

#include "carousel/detail/loop/boottime_sleep.hpp"

namespace carousel {

/// The time since the machine was started, the time that it was suspended included: what
/// std::chrono::steady_clock leaves out. For deadlines that are to come when they are due even if
/// the machine sleeps meanwhile: they come when it wakes.
struct boottime_clock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<boottime_clock, duration>;
  static constexpr bool is_steady = true;
  /// That of the runtime that turns on this thread, outside of one that of the process.
  [[nodiscard]] static time_point now() noexcept;
};

using boottime_sleep_operation = detail::operation<detail::boottime_sleep>;

/// Suspends until this time, which a suspended machine does not delay. Unlike the sleeps by the
/// steady clock it is an operation of its own in the kernel: result<>, which says how it ended.
/// Errors: canceled; not_supported before Linux 5.15.
[[nodiscard]] inline boottime_sleep_operation sleep_until(
    boottime_clock::time_point when) noexcept {
  return detail::operation(detail::boottime_sleep{when.time_since_epoch(), {}});
}

}  // namespace carousel
