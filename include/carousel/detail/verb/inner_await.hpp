#pragma once

#include "carousel/config.hpp"

#include <coroutine>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "carousel/detail/base/assert.hpp"
#include "carousel/detail/loop/foreign_wait.hpp"

namespace carousel::detail {

/// Its awaiter is an object of its own, made when it is awaited.
template <class Op>
concept has_co_await = has_member_co_await<Op> || !resumed_by_loop<Op>;

/// True: it waits, and will resume `h`.
template <class Awaiter>
[[nodiscard]] bool start_awaiter(Awaiter& awaiter, std::coroutine_handle<> h) {
  using answer = decltype(awaiter.await_suspend(h));
  static_assert(std::is_void_v<answer> || std::is_same_v<answer, bool>,
                "this awaitable resumes another coroutine when it is awaited; await it in a "
                "carousel::task and give the task to the verb");
  if (awaiter.await_ready()) return false;
  if constexpr (std::is_void_v<answer>) {
    awaiter.await_suspend(h);
    return true;
  } else {
    return awaiter.await_suspend(h);
  }
}

/// What a verb is given is moved before anything of it has begun. Where that may throw, what the
/// verb was given beside it would be lost.
template <class Op>
[[nodiscard]] consteval bool is_given_safely() {
  static_assert(
      std::is_nothrow_move_constructible_v<Op>,
      "moving this awaitable may throw; await it in a carousel::task and give the task to "
      "the verb");
  return true;
}

/// What a verb was given, inert until the verb is awaited: an operation, which is its own awaiter,
/// or a task, a join handle or an awaitable that is not the library's, for which one is made.
template <class Op>
class inner_await {
  static_assert(is_given_safely<Op>());

 public:
  explicit inner_await(Op op) noexcept : op_(std::move(op)) {}
  using output = decltype(std::declval<Op&>().await_resume());

  /// True: it waits, and will resume `h`.
  [[nodiscard]] bool start(std::coroutine_handle<> h) { return start_awaiter(op_, h); }
  output finish() { return op_.await_resume(); }
  [[nodiscard]] bool ended_early() const noexcept
    requires requires(const Op& op) { op.ended_early(); }
  {
    return op_.ended_early();
  }

 private:
  Op op_;
};

template <has_co_await Op>
class inner_await<Op> {
  static_assert(is_given_safely<Op>());
  using awaiter = decltype(in_own_task(std::declval<Op>()));

 public:
  explicit inner_await(Op op) noexcept : op_(std::move(op)) {}
  inner_await(inner_await&& inert) noexcept : op_(std::move(inert.op_)) {
    CAROUSEL_ASSERT(!inert.started_, "an operation cannot be moved once it has been awaited");
  }
  inner_await& operator=(inner_await&&) = delete;
  ~inner_await() {
    if (started_) std::destroy_at(&live);
  }
  using output = decltype(std::declval<awaiter&>().await_resume());

  [[nodiscard]] bool start(std::coroutine_handle<> h) {
    ::new (static_cast<void*>(&live)) awaiter(in_own_task(std::move(op_)));
    started_ = true;
    return start_awaiter(live, h);
  }
  output finish() { return live.await_resume(); }

 private:
  Op op_;
  union {
    awaiter live;
  };
  bool started_ = false;
};

}  // namespace carousel::detail
