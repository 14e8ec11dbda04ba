#pragma once

#include <algorithm>
#include <chrono>

#include "carousel/detail/context.hpp"

namespace carousel {

namespace detail {

class [[nodiscard]] sleep_awaiter : waiter, timer_node {
 public:
  explicit sleep_awaiter(steady_time until) noexcept { deadline = until; }
  sleep_awaiter(sleep_awaiter&& inert) noexcept { deadline = inert.deadline; }

  static bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> h) {
    context& here = this_context();
    suspend(h, here.task, wait_kind::timer);
    expire = [](timer_node& self) noexcept {
      this_context().ready.push_back(static_cast<sleep_awaiter&>(self));
    };
    here.timers.arm(*this, deadline);
  }
  static void await_resume() noexcept {}
};

}  // namespace detail

/// Suspends until the time is reached; a time in the past lets the others run once. Destroying the coroutine disarms it.
inline detail::sleep_awaiter sleep_until(std::chrono::steady_clock::time_point when) noexcept {
  return detail::sleep_awaiter(when);
}

/// A duration that reaches beyond the clock's range means for ever.
inline detail::sleep_awaiter sleep_for(std::chrono::nanoseconds duration) noexcept {
  const auto now = detail::now();
  const auto longest = detail::steady_time::max() - now;
  return detail::sleep_awaiter(now + std::min<std::chrono::nanoseconds>(duration, longest));
}

}  // namespace carousel
