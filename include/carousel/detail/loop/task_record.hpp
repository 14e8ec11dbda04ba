#pragma once

#include "carousel/config.hpp"

#include <coroutine>
#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "carousel/detail/driver/context.hpp"
#include "carousel/result.hpp"
#include "carousel/task.hpp"

namespace carousel::detail {

/// A root task: one that a runtime owns. The record outlives the coroutine for as long as a join
/// handle or a suspension point refers to it.
///
/// As a waiter it stands in the ready queue until the first run, and from then on in one of the
/// runtime's lists of tasks. `handle` is its coroutine, null once that is gone.
struct task_record : task_base, scoped_waiter, recycled {
  bool abort_wanted = false;  ///< while it runs: destroy it at its next suspension
  bool finished = false;      ///< ran to its end, with a value or an exception
  bool aborted = false;
  bool detached = false;
  parked_waiter* joiner = nullptr;
  std::exception_ptr failure;

  using recycled::operator new;
  using recycled::operator delete;

  [[nodiscard]] bool has_ended() const noexcept { return finished || aborted; }
  /// Ends the task before its time; see join_handle::abort.
  void abort() noexcept;
  void detach() noexcept;
  /// The coroutine is at its end.
  void finish() noexcept;
  /// The coroutine is gone, or at its end: tells whoever joins.
  void end() noexcept;
  /// Destroys the frame and releases the runtime's reference.
  void destroy_frame() noexcept;
};
static_assert(sizeof(task_record) == 80, "each task has one");

/// Lets f(), which destroys something inside the task `owner` (or null), return before an abort of
/// the task from a destructor takes effect.
template <class F>
void destroy_within(task_base* owner, F f) noexcept {
  auto* const record = static_cast<task_record*>(owner);
  if (record == nullptr) {
    f();
    return;
  }
  record->retain();
  context& here = this_context();
  task_base* const before = std::exchange(here.task, record);
  f();
  here.task = before;
  if (record->abort_wanted && before != record) record->abort();
  record->release();
}

template <class T>
struct task_outcome : task_record {
  std::optional<T> value;
  T take() { return std::move(*value); }
};
template <>
struct task_outcome<void> : task_record {
  static void take() noexcept {}
};
template <class T>
struct task_outcome<T&> : task_record {
  T* value = nullptr;
  T& take() noexcept { return *value; }
};

/// What the coroutines at the roots of tasks have in common.
struct root_promise_base : recycled {
  task_record* record = nullptr;

  struct first_run : std::suspend_always {
    static void await_resume() noexcept;
  };
  static first_run initial_suspend() noexcept { return {}; }
  struct final_awaiter {
    static bool await_ready() noexcept { return false; }
    template <class Promise>
    static void await_suspend(std::coroutine_handle<Promise> h) noexcept {
      h.promise().record->finish();
    }
    static void await_resume() noexcept {}
  };
  static final_awaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { record->failure = std::current_exception(); }
};

/// The coroutine at the root of a task. Its frame holds what was spawned: a callable and its
/// arguments, or a task.
template <class T>
struct root {
  struct promise_type;
  std::coroutine_handle<promise_type> h;
};

template <class T>
struct root_promise : root_promise_base {
  template <class U>
  void return_value(U&& value) {
    static_cast<task_outcome<T>*>(record)->value.emplace(std::forward<U>(value));
  }
};
template <>
struct root_promise<void> : root_promise_base {
  static void return_void() noexcept {}
};
template <class T>
struct root_promise<T&> : root_promise_base {
  void return_value(T& value) noexcept { static_cast<task_outcome<T&>*>(record)->value = &value; }
};

template <class T>
struct root<T>::promise_type : root_promise<T> {
  root get_return_object() noexcept {
    return {std::coroutine_handle<promise_type>::from_promise(*this)};
  }
};

template <class T, class F, class... Args>
root<T> run_root(F f, Args... args) {
  co_return co_await std::invoke(std::move(f), std::move(args)...);
}
template <class T>
root<T> run_task(task<T> made) {
  co_return co_await std::move(made);
}

/// Makes a record and its coroutine, by make(); throws std::bad_alloc.
template <class T, class Make>
task_outcome<T>* make_root(Make make) {
  auto* outcome = new task_outcome<T>;
  try {
    const root<T> made = make();
    made.h.promise().record = outcome;
    outcome->handle = made.h;
  } catch (...) {
    outcome->release();
    throw;
  }
  return outcome;
}
template <class T>
task_outcome<T>* root_of(task<T> made) {
  return make_root<T>([&] { return run_task(std::move(made)); });
}

/// Gives a new task to the runtime that turns on this thread; it runs in the next turn. The runtime
/// holds a reference.
void adopt(task_record& record) noexcept;

}  // namespace carousel::detail
