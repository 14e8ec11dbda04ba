#pragma once

#include <algorithm>
#include <chrono>

#include "carousel/detail/base/any_duration.hpp"
#include "carousel/detail/driver/context.hpp"

namespace carousel {

namespace detail {

class [[nodiscard]] sleep_awaiter : scope_link, scoped_waiter, timer_node {
 public:
  using resumed_by_loop = void;
  explicit sleep_awaiter(steady_time until) noexcept { deadline = until; }
  sleep_awaiter(sleep_awaiter&& inert) noexcept { deadline = inert.deadline; }

  static bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> h) {
    context& here = this_context();
    detail::suspend(here, *this, *this, h, wait_kind::timer,
                    [](scope_link& self) noexcept { static_cast<sleep_awaiter&>(self).stop(); });
    if (here.stopped()) {
      stopped_ = true;
      here.ready.push_back(*this);
      return;
    }
    expire = [](timer_node& self) noexcept {
      this_context().ready.push_back(static_cast<sleep_awaiter&>(self));
    };
    here.timers.arm(*this, deadline);
  }
  static void await_resume() noexcept {}
  /// A request to stop ended it before its time.
  [[nodiscard]] bool ended_early() const noexcept { return stopped_; }

 private:
  void stop() noexcept {
    if (!armed()) return;
    disarm();
    stopped_ = true;
    this_context().ready.push_back(*this);
  }
  bool stopped_ = false;
};

}  // namespace detail

/// Suspends until the time of std::chrono::steady_clock is reached, in whatever unit; one beyond
/// the clock's range means for ever. A time in the past lets the others run once. Destroying the
/// coroutine disarms it, and a request to stop (timeout, stop_on, when_any) ends it early: see
/// stop_requested().
inline detail::sleep_awaiter sleep_until(detail::any_time when) noexcept {
  return detail::sleep_awaiter(when);
}

/// Takes any duration; one that reaches beyond the clock's range means for ever.
inline detail::sleep_awaiter sleep_for(detail::any_duration duration) noexcept {
  const auto now = detail::now();
  const auto longest = detail::steady_time::max() - now;
  return detail::sleep_awaiter(now + std::min<std::chrono::nanoseconds>(duration, longest));
}

}  // namespace carousel
