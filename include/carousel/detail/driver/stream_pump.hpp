#pragma once

#include "carousel/config.hpp"

#include <coroutine>
#include <exception>
#include <new>

#include "carousel/detail/driver/operation.hpp"
#include "carousel/detail/driver/stream_record.hpp"

namespace carousel::detail {

/// The coroutine that awaits the operation of a stream, again and again: one that ends without an
/// error goes on, since kernels end a multishot when the completion queue is full, and older ones
/// know none. No task owns it, and the runtime's end leaves it suspended; the stream destroys it,
/// and with it what is in flight.
struct stream_pump {
  struct promise_type : recycled {
    stream_pump get_return_object() noexcept {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    static std::suspend_always initial_suspend() noexcept { return {}; }
    static std::suspend_always final_suspend() noexcept { return {}; }
    static void return_void() noexcept {}
    [[noreturn]] static void unhandled_exception() noexcept { std::terminate(); }
  };
  std::coroutine_handle<> frame;
};

/// `what` is an operation type whose output is a shot_end; each time it is a copy that is awaited.
template <class Op>
stream_pump keep_going(stream_record& of, Op what) {
  for (;;) {
    while (!of.may_begin()) co_await std::suspend_always{};
    shot_end how;
    try {
      operation<Op> shot(what);
      of.begins(shot.seen_by_driver());
      how = co_await shot;
    } catch (const std::bad_alloc&) {
      how.error = std::make_error_code(std::errc::not_enough_memory);
    }
    of.ended(how);
  }
}

}  // namespace carousel::detail
