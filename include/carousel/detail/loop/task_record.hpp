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

struct tasks_tag;

/// A root task: one that a runtime owns. The record outlives the coroutine for as long as a join
/// handle or a suspension point refers to it.
struct task_record : task_base, list_hook<tasks_tag>, recycled {
  std::coroutine_handle<> frame;  ///< null once the coroutine is gone
  scoped_waiter start;            ///< stands in the ready queue until the first run
  parked_waiter* joiner = nullptr;
  std::exception_ptr failure;
  bool abort_wanted = false;  ///< while it runs: destroy it at its next suspension
  bool finished = false;      ///< ran to its end, with a value or an exception
  bool aborted = false;
  bool detached = false;

  using recycled::operator new;
  using recycled::operator delete;

  /// Ends the task before its time; see join_handle::abort.
  void abort() noexcept;
  void detach() noexcept;
  /// The coroutine is gone, or at its end: tells whoever joins.
  void end() noexcept;
  /// Destroys the frame and releases the runtime's reference.
  void destroy_frame() noexcept;
};

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

/// The coroutine at the root of a task. Its frame holds the callable and its arguments.
struct root {
  struct promise_type : recycled {
    task_record* record = nullptr;
    root get_return_object() noexcept {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    static std::suspend_always initial_suspend() noexcept { return {}; }
    struct final_awaiter {
      static bool await_ready() noexcept { return false; }
      static void await_suspend(std::coroutine_handle<promise_type> h) noexcept;
      static void await_resume() noexcept {}
    };
    static final_awaiter final_suspend() noexcept { return {}; }
    static void return_void() noexcept {}
    void unhandled_exception() noexcept { record->failure = std::current_exception(); }
  };
  std::coroutine_handle<promise_type> h;
};

template <class T, class F, class... Args>
root run_root(task_outcome<T>& outcome, F f, Args... args) {
  if constexpr (std::is_void_v<T>) {
    co_await std::invoke(std::move(f), std::move(args)...);
  } else if constexpr (std::is_reference_v<T>) {
    outcome.value = &co_await std::invoke(std::move(f), std::move(args)...);
  } else {
    outcome.value.emplace(co_await std::invoke(std::move(f), std::move(args)...));
  }
}

/// Makes a record and its coroutine; throws std::bad_alloc.
template <class T, class F, class... Args>
task_outcome<T>* make_root(F&& f, Args&&... args) {
  auto* outcome = new task_outcome<T>;
  try {
    const root made = run_root<T, std::decay_t<F>, std::decay_t<Args>...>(
        *outcome, std::forward<F>(f), std::forward<Args>(args)...);
    made.h.promise().record = outcome;
    outcome->frame = made.h;
  } catch (...) {
    outcome->release();
    throw;
  }
  return outcome;
}

/// Gives a new task to the runtime that turns on this thread; it runs in the next turn. The runtime
/// holds a reference.
void adopt(task_record& record) noexcept;

}  // namespace carousel::detail
