#pragma once

#include "carousel/config.hpp"

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>
#include <variant>

#include "carousel/detail/base/assert.hpp"
#include "carousel/detail/base/recycler.hpp"
#include "carousel/detail/loop/foreign_wait.hpp"

namespace carousel {

template <class T>
class task;

namespace detail {

/// A task awaits another by resuming it inside await_suspend and asking afterwards whether it has
/// finished: g++ makes symmetric transfer a tail call only when it optimises, and a million awaits
/// that finish at once must not grow the stack in any build. Only a task that suspended on the way
/// transfers to its awaiter, as deep as the chain of awaits is.
struct task_promise_base : recycled {
  std::coroutine_handle<> continuation;  ///< null while the awaiter is still inside await_suspend
  bool finished = false;

  static std::suspend_always initial_suspend() noexcept { return {}; }
  template <class A>
  static decltype(auto) await_transform(A&& awaitable) {
    return in_own_task(std::forward<A>(awaitable));
  }

  struct final_awaiter {
    static bool await_ready() noexcept { return false; }
    template <class Promise>
    static std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> h) noexcept {
      h.promise().finished = true;
      const std::coroutine_handle<> next = h.promise().continuation;
      return next ? next : std::noop_coroutine();
    }
    static void await_resume() noexcept {}
  };
  static final_awaiter final_suspend() noexcept { return {}; }
};

template <class T>
struct task_promise : task_promise_base {
  std::variant<std::monostate, T, std::exception_ptr> outcome;

  task<T> get_return_object() noexcept;
  void unhandled_exception() noexcept { outcome.template emplace<2>(std::current_exception()); }
  template <class U = T>
    requires std::convertible_to<U, T>
  void return_value(U&& value) {
    outcome.template emplace<1>(std::forward<U>(value));
  }
  T take() {
    if (outcome.index() == 2) std::rethrow_exception(std::get<2>(std::move(outcome)));
    return std::get<1>(std::move(outcome));
  }
};

template <class T>
struct task_promise<T&> : task_promise_base {
  std::variant<T*, std::exception_ptr> outcome;

  task<T&> get_return_object() noexcept;
  void unhandled_exception() noexcept { outcome = std::current_exception(); }
  void return_value(T& value) noexcept { outcome = &value; }
  T& take() {
    if (outcome.index() == 1) std::rethrow_exception(std::get<1>(std::move(outcome)));
    return *std::get<0>(outcome);
  }
};

template <>
struct task_promise<void> : task_promise_base {
  std::exception_ptr failure;

  task<void> get_return_object() noexcept;
  void unhandled_exception() noexcept { failure = std::current_exception(); }
  static void return_void() noexcept {}
  void take() const {
    if (failure) std::rethrow_exception(failure);
  }
};

}  // namespace detail

/// A coroutine that starts when it is awaited and runs on its awaiter's thread. Move-only and
/// awaited once, as an rvalue: `co_await std::move(t)` or `co_await f()`. An exception that leaves
/// the coroutine passes to the awaiter.
///
/// Destroying a task destroys the coroutine wherever it is suspended, with I/O in flight too: its
/// operations are cancelled behind its back and keep their buffers and descriptors until the kernel
/// has let go of them.
///
/// It may await what is not the library's: an event, a coroutine of another kind (which then runs
/// wherever it is resumed, in the name of the task that does: what it awaits itself is not this
/// task's). Whoever makes that
/// ready may resume the coroutine from within one of their own tasks, or between two turns: it goes
/// on in the loop's next turn, in its own task and under its own verbs. The awaitable must last
/// until then, and resume on the runtime's thread.
///
/// A lambda that is a coroutine must not have captures unless the lambda object outlives the task:
/// its body refers to them through the lambda. Pass parameters instead, or use spawn(), which keeps
/// the callable with the task.
template <class T = void>
class [[nodiscard("a task does nothing until it is awaited or given to spawn()")]] task {
 public:
  using promise_type = detail::task_promise<T>;
  using value_type = T;
  using resumed_by_loop = void;

  task(task&& other) noexcept : h_(std::exchange(other.h_, nullptr)) {}
  task& operator=(task&& other) noexcept {
    if (this != &other) destroy(std::exchange(h_, std::exchange(other.h_, nullptr)));
    return *this;
  }
  task(const task&) = delete;  // a task has one owner: write std::move(t)
  task& operator=(const task&) = delete;
  ~task() { destroy(h_); }

  auto operator co_await() && noexcept {
    CAROUSEL_ASSERT(h_ && !h_.promise().finished && !h_.promise().continuation,
                    "a task is awaited once, and not after it was moved from");
    return awaiter{h_};
  }

 private:
  friend promise_type;
  using handle = std::coroutine_handle<promise_type>;

  struct awaiter {
    handle child;
    static bool await_ready() noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> parent) {
      child.resume();
      if (child.promise().finished) return false;
      child.promise().continuation = parent;
      return true;
    }
    [[nodiscard]] T await_resume() { return child.promise().take(); }
  };

  explicit task(handle h) noexcept : h_(h) {}

 public:
  CAROUSEL_REFUSED("a task is awaited once, as an rvalue: co_await std::move(t)")
  awaiter operator co_await() &;

 private:
  static void destroy(handle h) noexcept {
    if (h) h.destroy();
  }
  handle h_;
};

namespace detail {

template <class T>
inline constexpr bool is_task = false;
template <class T>
inline constexpr bool is_task<task<T>> = true;
/// Whether F called with Args returns a task.
template <class F, class... Args>
inline constexpr bool makes_a_task = false;
template <class F, class... Args>
  requires std::is_invocable_v<F, Args...>
inline constexpr bool makes_a_task<F, Args...> = is_task<std::invoke_result_t<F, Args...>>;
/// What that task brings; void where it is none, which whoever takes F says in a sentence.
template <class F, class... Args>
struct made_task {
  using value = void;
};
template <class F, class... Args>
  requires makes_a_task<F, Args...>
struct made_task<F, Args...> {
  using value = typename std::invoke_result_t<F, Args...>::value_type;
};
template <class F, class... Args>
using task_value = typename made_task<F, Args...>::value;

template <class T>
task<T> task_promise<T>::get_return_object() noexcept {
  return task<T>(std::coroutine_handle<task_promise>::from_promise(*this));
}
template <class T>
task<T&> task_promise<T&>::get_return_object() noexcept {
  return task<T&>(std::coroutine_handle<task_promise>::from_promise(*this));
}
inline task<void> task_promise<void>::get_return_object() noexcept {
  return task<void>(std::coroutine_handle<task_promise>::from_promise(*this));
}

}  // namespace detail
}  // namespace carousel
