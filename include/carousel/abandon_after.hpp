#pragma once

#include "carousel/config.hpp"

#include <chrono>
#include <concepts>
#include <coroutine>
#include <optional>
#include <utility>

#include "carousel/detail/base/any_duration.hpp"
#include "carousel/detail/loop/task_record.hpp"
#include "carousel/detail/verb/deadline.hpp"
#include "carousel/detail/verb/verb_output.hpp"
#include "carousel/task.hpp"

namespace carousel {

template <class Op>
class abandon_after_operation;

/// Goes on without `op` when `duration` has passed since it was awaited: for operations that nobody
/// can stop, such as a read that a device works on. Gives what `op` gives, with the buffer as
/// std::optional<B>: errc::timed_out comes without it.
///
/// An abandoned operation is cancelled behind our back; its buffer returns to its pool with its
/// last completion, and what it brings is lost. An abandoned task is destroyed, its operations are
/// abandoned in this way, and of a chain (linked()) goes on what the kernel has linked; an
/// abandoned join detaches the task that it waited for. A request to stop from outside reaches
/// `op`, as it would without this verb. Durations as in timeout().
template <class Rep, class Period, class Op>
abandon_after_operation<Op> abandon_after(std::chrono::duration<Rep, Period> duration,
                                          Op op) noexcept;
template <class D, class Op>
  requires(!std::convertible_to<D, detail::any_duration>)
CAROUSEL_REFUSED(
    "first comes a duration, then what it is for: abandon_after(1s, file.read_at(...))")
abandon_after_operation<task<>> abandon_after(D&&, Op&&);

/// What abandon_after() returns; awaited once.
///
/// The operation resumes the awaiting coroutine itself. If the time is up first, the operation is
/// destroyed there and then, between turns, and this object, which waits in the coroutine's name as
/// well, resumes it instead.
template <class Op>
class [[nodiscard]] abandon_after_operation : detail::scope_link,
                                              detail::scoped_waiter,
                                              detail::timer_node {
  using inner_output = typename detail::inner_await<Op>::output;
  using output = typename detail::verb_output<inner_output>::without_buffer;

 public:
  using resumed_by_loop = void;
  abandon_after_operation(std::chrono::nanoseconds duration, Op op) noexcept
      : duration_(duration), inner_(std::in_place, std::move(op)) {}
  abandon_after_operation(abandon_after_operation&& inert) noexcept
      : duration_(inert.duration_), inner_(std::move(inert.inner_)) {}
  abandon_after_operation& operator=(abandon_after_operation&&) = delete;
  ~abandon_after_operation() = default;

  static constexpr bool await_ready() noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> h) {
    detail::context& here = detail::this_context();
    detail::suspend(here, *this, *this, h, detail::wait_kind::timer);
    try {
      arm(here);
      return inner_->start(h);
    } catch (...) {  // nothing was begun, and nobody is to be resumed
      timer_node::disarm();
      leave_early();
      throw;
    }
  }
  [[nodiscard]] output await_resume() {
    timer_node::disarm();
    if (!inner_) return detail::without_output<output>::because(errc::timed_out);
    return detail::with_buffer(
        detail::finish_inner(*inner_, detail::this_context().stopped(), errc::canceled));
  }

 private:
  void arm(detail::context& here) {
    const auto until = detail::deadline_in(duration_);
    if (until == detail::no_deadline) return;
    expire = [](timer_node& timer) noexcept {
      auto& self = static_cast<abandon_after_operation&>(timer);
      detail::this_context().ready.push_back(self);
      detail::destroy_within(self.task, [&] { self.inner_.reset(); });
    };
    here.timers.arm(*this, until);
  }
  std::chrono::nanoseconds duration_;
  std::optional<detail::inner_await<Op>> inner_;
};

template <class Rep, class Period, class Op>
abandon_after_operation<Op> abandon_after(std::chrono::duration<Rep, Period> duration,
                                          Op op) noexcept {
  return {detail::saturated(duration), std::move(op)};
}

}  // namespace carousel
