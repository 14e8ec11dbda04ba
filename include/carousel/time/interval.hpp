#pragma once

#include "carousel/config.hpp"

#include <chrono>
#include <concepts>
#include <cstdint>

#include "carousel/detail/base/any_duration.hpp"
#include "carousel/result.hpp"
#include "carousel/task.hpp"
#include "carousel/time/boottime_clock.hpp"
#include "carousel/time/sleep.hpp"

namespace carousel {

/// A stream of ticks at a distance: every() makes it.
///
/// The n-th tick is due at the start plus n periods, however late those before were taken, so it
/// does not drift. Ticks that were due while nobody asked are not made up for: the next one says
/// how many they were. Between two calls of next() nothing is armed; all of them share the kernel's
/// timeout with the sleeps, unless the clock is that of the boot. Used on one thread, where several
/// tasks that wait get one tick each; it must outlive whoever waits for it.
template <class Clock>
class basic_interval {
  static_assert(std::same_as<Clock, std::chrono::steady_clock> ||
                    std::same_as<Clock, boottime_clock>,
                "an interval is by std::chrono::steady_clock or carousel::boottime_clock");

 public:
  struct tick {
    typename Clock::time_point due;  ///< of the grid, the last that is not after now
    std::uint64_t missed;            ///< ticks before it that were due and that nobody took
  };

  /// The first tick is due one period from now.
  explicit basic_interval(detail::any_duration period) noexcept
      : period_(period), next_(after(now())) {
    CAROUSEL_ASSERT(period_ > period_.zero(),
                    "an interval has a period of one nanosecond at least");
  }

  /// Waits for the next tick; one that is due already lets the others run once. Error: canceled,
  /// and the tick is still to come; of the boot's clock also what the kernel says.
  [[nodiscard]] task<result<tick>> next() {
    // Somebody else may have taken that which one has slept for.
    do {
      if constexpr (by_steady_clock) {
        auto sleep = sleep_until(next_);
        co_await sleep;
        if (sleep.ended_early()) co_return std::unexpected(make_error_code(errc::canceled));
      } else {
        const result<> slept = co_await sleep_until(next_);
        if (!slept) co_return std::unexpected(slept.error());
      }
    } while (now() < next_);
    const auto missed = (now() - next_) / period_;
    const tick now_due{.due = next_ + missed * period_,
                       .missed = static_cast<std::uint64_t>(missed)};
    next_ = after(now_due.due);
    co_return now_due;
  }

 private:
  static constexpr bool by_steady_clock = std::same_as<Clock, std::chrono::steady_clock>;
  [[nodiscard]] static typename Clock::time_point now() noexcept {
    if constexpr (by_steady_clock) {
      return detail::now();
    } else {
      return Clock::now();
    }
  }
  [[nodiscard]] typename Clock::time_point after(typename Clock::time_point t) const noexcept {
    constexpr auto last = Clock::time_point::max();
    return period_ < last - t ? t + period_ : last;
  }

  std::chrono::nanoseconds period_;
  typename Clock::time_point next_;
};

using interval = basic_interval<std::chrono::steady_clock>;

/// Ticks at this distance, of any unit: `auto seconds = every(1s)`. every<boottime_clock>(1h) has
/// ticks that a suspended machine does not delay.
template <class Clock = std::chrono::steady_clock>
[[nodiscard]] basic_interval<Clock> every(detail::any_duration period) noexcept {
  return basic_interval<Clock>(period);
}

}  // namespace carousel
