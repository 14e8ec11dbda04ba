#pragma once

#include "carousel/detail/base/any_duration.hpp"
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

/// Whether the tasks of this thread's runtime have kept it from the kernel for that long.
[[nodiscard]] bool is_turn_due(context& here, std::chrono::nanoseconds longest) noexcept;

class [[nodiscard]] yield_if_due_awaiter : public yield_awaiter {
 public:
  explicit yield_if_due_awaiter(std::chrono::nanoseconds longest) noexcept : longest_(longest) {}
  [[nodiscard]] bool await_ready() const noexcept {
    context& here = this_context();
    if (!here.computing.wants_clock()) [[likely]]
      return true;
    return !is_turn_due(here, longest_);
  }

 private:
  std::chrono::nanoseconds longest_;
};

}  // namespace detail

/// Lets every other ready task run, and the loop submit and collect, before this one goes on.
inline detail::yield_awaiter yield() noexcept { return {}; }

/// The same once the tasks of this runtime have computed for `longest`, and nothing before: for
/// loops that compute between two awaits. Whatever else runs in the thread, each read in flight and
/// each timer, is late by as much as a task computes without giving way.
///
/// Where it is called often it looks at the clock in every 64th call at most, and counts from the
/// first look after the kernel was left last. It may thus come late by 64 of the caller's steps, if
/// these become longer at once.
inline detail::yield_if_due_awaiter yield_if_due(
    detail::any_duration longest = std::chrono::microseconds(200)) noexcept {
  return detail::yield_if_due_awaiter(longest);
}

}  // namespace carousel
