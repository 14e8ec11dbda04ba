#pragma once

#include "carousel/config.hpp"

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <ratio>

namespace carousel::detail {

/// Any duration in nanoseconds; one that they cannot tell is the longest that they can, for ever,
/// and less than nothing is nothing.
template <class Rep, class Period>
[[nodiscard]] constexpr std::chrono::nanoseconds saturated(
    std::chrono::duration<Rep, Period> duration) noexcept {
  using seconds = std::chrono::duration<double>;
  using std::chrono::nanoseconds;
  if (!(seconds(duration) > seconds::zero())) return nanoseconds::zero();
  if (seconds(duration) >= seconds(nanoseconds::max())) return nanoseconds::max();
  using per_tick = std::ratio_divide<Period, std::nano>;
  if constexpr (std::integral<Rep> && per_tick::den != 1) {
    // Of ticks that are no whole nanoseconds, a sixtieth of a second for instance. ceil()
    // multiplies before it divides, which overflows long before the result does.
    constexpr auto den = static_cast<std::uintmax_t>(per_tick::den);
    constexpr auto num = static_cast<std::uintmax_t>(per_tick::num);
    const auto ticks = static_cast<std::uintmax_t>(duration.count());
    const std::uintmax_t whole = ticks / den * num;
    const long double rest = static_cast<long double>(ticks % den) * num / den;
    const auto down = static_cast<std::uintmax_t>(rest);
    const std::uintmax_t sum = whole + down + (static_cast<long double>(down) < rest ? 1 : 0);
    constexpr auto longest = static_cast<std::uintmax_t>(nanoseconds::max().count());
    return nanoseconds(static_cast<std::intmax_t>(std::min(sum, longest)));
  } else {
    return std::chrono::ceil<nanoseconds>(duration);
  }
}

/// A parameter that takes every duration, where nanoseconds alone would overflow before anybody
/// could look.
class any_duration {
 public:
  template <class Rep, class Period>
  constexpr any_duration(std::chrono::duration<Rep, Period> duration) noexcept  // NOLINT: implicit
      : saturated_(saturated(duration)) {}
  constexpr operator std::chrono::nanoseconds() const noexcept { return saturated_; }  // NOLINT

 private:
  std::chrono::nanoseconds saturated_;
};

/// The same of a point in time: one beyond what the clock can tell is its last or its first.
class any_time {
  using clock = std::chrono::steady_clock;

 public:
  template <class Duration>
  constexpr any_time(std::chrono::time_point<clock, Duration> at) noexcept  // NOLINT: implicit
      : saturated_(nearest(at.time_since_epoch())) {}
  constexpr operator clock::time_point() const noexcept { return saturated_; }  // NOLINT

 private:
  template <class Duration>
  static constexpr clock::time_point nearest(Duration since_epoch) noexcept {
    if constexpr (std::same_as<Duration, clock::duration>) {
      return clock::time_point(since_epoch);
    } else if (since_epoch < Duration::zero()) {
      using seconds = std::chrono::duration<double>;
      if (seconds(since_epoch) <= seconds(clock::duration::min())) return clock::time_point::min();
      return clock::time_point(std::chrono::ceil<clock::duration>(since_epoch));
    } else {
      return clock::time_point(saturated(since_epoch));
    }
  }
  clock::time_point saturated_;
};

}  // namespace carousel::detail
