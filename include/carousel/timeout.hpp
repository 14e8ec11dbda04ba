#pragma once

#include "carousel/config.hpp"

#include <chrono>
#include <concepts>
#include <coroutine>
#include <utility>

#include "carousel/detail/base/any_duration.hpp"
#include "carousel/detail/driver/inner_scope.hpp"
#include "carousel/detail/verb/deadline.hpp"
#include "carousel/detail/verb/verb_output.hpp"
#include "carousel/task.hpp"

namespace carousel {

template <class Op>
class timeout_operation;

/// Asks `op` to stop when `duration` has passed since it was awaited. `co_await timeout(1s,
/// file.read_at(std::move(buf), 0))` gives what the read gives, errc::timed_out in place of
/// errc::canceled, and the buffer in either case.
///
/// `op` is any operation, pool.next(), a sleep, a join handle, a task or another verb that yields
/// result<T>, buf_result<T, B> or nothing (then this gives result<>).
///
/// Nothing is lost: the operation ends with its own last completion, and if it brought data the
/// data is the answer, however late. Hence the duration bounds when we ask, not an operation that a
/// device is working on and nobody can cancel: see abandon_after(). A task goes on until the
/// operation it waits for has ended, every later one in it ends at once with errc::canceled, and
/// what it returns is the answer: a read_exact_at() says by its buffer's size how much came.
///
/// A duration of 0 or less gives the operation one chance: it is submitted once, and taken if it
/// has completed by then. One beyond the clock's range means for ever. Destroying the awaiting
/// coroutine destroys `op`.
template <class Rep, class Period, class Op>
timeout_operation<Op> timeout(std::chrono::duration<Rep, Period> duration, Op op) noexcept;

/// What timeout() returns; awaited once.
template <class Op>
class [[nodiscard]] timeout_operation : detail::timer_node {
  using output = typename detail::verb_output<typename detail::inner_await<Op>::output>::type;

 public:
  using resumed_by_loop = void;
  timeout_operation(std::chrono::nanoseconds duration, Op op) noexcept
      : duration_(duration), inner_(std::move(op)) {}
  timeout_operation(timeout_operation&& inert) noexcept
      : duration_(inert.duration_), inner_(std::move(inert.inner_)) {}
  timeout_operation& operator=(timeout_operation&&) = delete;
  ~timeout_operation() = default;

  static constexpr bool await_ready() noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> h) {
    detail::context& here = detail::this_context();
    scope_.begin(here);
    try {
      arm(here);
      const bool waits = inner_.start(h);
      if (waits) scope_.step_out(here);
      return waits;
    } catch (...) {  // nothing was begun, and the coroutine goes on outside
      timer_node::disarm();
      scope_.end(here);
      throw;
    }
  }
  [[nodiscard]] output await_resume() {
    timer_node::disarm();
    const detail::inner_scope::ending at_exit(scope_);
    return detail::finish_inner(inner_, scope_.stopped(),
                                expired_ ? errc::timed_out : errc::canceled);
  }

 private:
  void arm(detail::context& here) {
    const auto until = detail::deadline_in(duration_);
    if (until == detail::no_deadline) return;
    expire = [](timer_node& timer) noexcept {
      auto& self = static_cast<timeout_operation&>(timer);
      if (self.scope_.stopped()) return;  // somebody outside was first
      self.expired_ = true;
      self.scope_.request_stop();
    };
    here.timers.arm(*this, until);
  }

  std::chrono::nanoseconds duration_;
  bool expired_ = false;
  detail::inner_scope scope_;
  detail::inner_await<Op> inner_;
};

template <class Rep, class Period, class Op>
timeout_operation<Op> timeout(std::chrono::duration<Rep, Period> duration, Op op) noexcept {
  return {detail::saturated(duration), std::move(op)};
}
template <class D, class Op>
  requires(!std::convertible_to<D, detail::any_duration>)
CAROUSEL_REFUSED("first comes a duration, then what it is for: timeout(1s, file.read_at(...))")
timeout_operation<task<>> timeout(D&&, Op&&);

}  // namespace carousel
