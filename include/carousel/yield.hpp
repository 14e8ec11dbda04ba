#pragma once

#include "carousel/detail/driver/context.hpp"

namespace carousel {

namespace detail {

class [[nodiscard]] yield_awaiter : scope_link, scoped_waiter {
 public:
  using resumed_by_loop = void;
  static bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> h) noexcept {
    context& here = this_context();
    detail::suspend(here, *this, *this, h, wait_kind::yield);
    here.ready.push_back(*this);
  }
  static void await_resume() noexcept {}
};

}  // namespace detail

/// Lets every other ready task run, and the loop submit and collect, before this one goes on.
inline detail::yield_awaiter yield() noexcept { return {}; }

}  // namespace carousel
