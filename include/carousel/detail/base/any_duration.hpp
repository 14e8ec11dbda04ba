#pragma once

#include "carousel/config.hpp"

#include <chrono>

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
  return std::chrono::ceil<nanoseconds>(duration);
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

}  // namespace carousel::detail
