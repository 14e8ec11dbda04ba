#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

#include "carousel/detail/base/recycler.hpp"
#include "carousel/detail/base/thread_mark.hpp"
#include "carousel/detail/driver/wait_line.hpp"
#include "carousel/result.hpp"
#include "carousel/spawn.hpp"
#include "carousel/sync/semaphore.hpp"

namespace carousel {

/// A set of tasks that a scope waits for; at most `at_once` of them run at a time.
///
/// They are task<> or task<result<>>. The first error or exception that one of them ends with is
/// what wait() gives, also when it is called again; if nobody waits, it is lost. It does not end
/// the others. Destroying the group aborts those that are left, so none of them outlives what it
/// refers to in the scope around the group. Not thread-safe. It must outlive whoever waits for it,
/// and none of its own tasks may destroy it.
class task_group {
 public:
  static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

  explicit task_group(std::size_t at_once = unlimited) noexcept : permits_(at_once) {
    CAROUSEL_ASSERT(at_once > 0, "a task group runs one task at a time at least");
  }
  task_group(const task_group&) = delete;
  task_group& operator=(const task_group&) = delete;
  ~task_group() {
    if (running_ > 0 || waiting_ > 0) end();
  }

  /// Waits, in order with others, until fewer than `at_once` of its tasks run, then starts
  /// f(args...) as spawn() does. Error: canceled, and nothing was started. Throws std::bad_alloc.
  /// With g++ 12 give an aggregate a name before it is an argument here (channel::send).
  template <class F, class... Args>
  task<result<>> spawn(F f, Args... args) {
    const presence here(waiting_);
    result<semaphore::permit> permit = co_await permits_.acquire();
    if (!permit) co_return std::unexpected(permit.error());
    start(std::move(*permit), std::move(f), std::move(args)...);
    co_return {};
  }
  /// The same of a task object.
  template <class T>
  task<result<>> spawn(task<T> t) {
    return spawn([](task<T> moved) { return moved; }, std::move(t));
  }
  /// False: `at_once` of them run already, or others wait to start one.
  template <class F, class... Args>
  [[nodiscard]] bool try_spawn(F&& f, Args&&... args) {
    std::optional<semaphore::permit> permit = permits_.try_acquire();
    if (!permit) return false;
    start(std::move(*permit), std::forward<F>(f), std::forward<Args>(args)...);
    return true;
  }

  /// The number of its tasks that are not over.
  [[nodiscard]] std::size_t running() const noexcept { return running_; }
  /// Destroys those that are suspended at once, and the one that runs now at its next suspension.
  void abort() noexcept;

  /// Waits until all of its tasks are over, those that are started meanwhile included. Errors: the
  /// first that one of them ended with, canceled. Rethrows an exception that came first.
  task<result<>> wait();

 private:
  struct group_tag;
  struct member : detail::list_hook<group_tag>, detail::recycled {
    join_handle<void> task{nullptr};
    semaphore::permit permit;
    bool* left = nullptr;  ///< for start(): it is over before that knows of it
    explicit member(semaphore::permit taken) noexcept : permit(std::move(taken)) {}
  };

  /// With the task, from before its start until its coroutine is gone.
  class membership {
   public:
    membership(task_group& group, member& of) noexcept : group_(&group), of_(&of) {
      ++group.running_;
      group.thread_ = &detail::thread_mark;
      group.members_.push_back(of);
    }
    membership(membership&& other) noexcept
        : group_(other.group_), of_(std::exchange(other.of_, nullptr)) {}
    membership& operator=(membership&&) = delete;
    ~membership() {
      if (of_ != nullptr) group_->leave(*of_);
    }
    [[nodiscard]] task_group& group() const noexcept { return *group_; }

   private:
    task_group* group_;
    member* of_;
  };

  /// Of a coroutine that needs the group when it goes on.
  class presence {
   public:
    explicit presence(std::size_t& count) noexcept : count_(count) { ++count_; }
    presence(const presence&) = delete;
    presence& operator=(const presence&) = delete;
    ~presence() { --count_; }

   private:
    std::size_t& count_;
  };

  class awaiter : detail::line_waiter {
   public:
    explicit awaiter(task_group& of) noexcept : of_(of) {
      reason = "waits for the tasks of a group";
    }
    static bool await_ready() noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> h) noexcept { return wait(of_.line_, h); }
    [[nodiscard]] result<> await_resume() const noexcept {
      if (!served()) return std::unexpected(make_error_code(errc::canceled));
      return {};
    }

   private:
    task_group& of_;
  };
  struct over_of {
    using resumed_by_loop = void;
    task_group& group;
    awaiter operator co_await() && noexcept { return awaiter(group); }
  };

  template <class F, class... Args>
  void start(semaphore::permit permit, F&& f, Args&&... args) {
    static_assert(
        (std::is_nothrow_move_constructible_v<std::decay_t<F>> && ... &&
         std::is_nothrow_move_constructible_v<std::decay_t<Args>>),
        "what a task of a task group is given moves without throwing: hold it by a pointer");
    auto* made = new member(std::move(permit));
    bool over = false;  // a runtime that ends aborts what is started
    made->left = &over;
    membership inside(*this, *made);
    auto handle = carousel::spawn(run<std::decay_t<F>, std::decay_t<Args>...>, std::move(inside),
                                  std::forward<F>(f), std::forward<Args>(args)...);
    if (over) return;
    made->left = nullptr;
    made->task = std::move(handle);
  }
  template <class F, class... Args>
  static task<> run(membership inside, F f, Args... args) {
    static_assert(detail::makes_a_task<F, Args...>,
                  "a task group takes a callable that returns a carousel::task, and its arguments");
    using value = typename std::invoke_result_t<F, Args...>::value_type;
    static_assert(
        std::is_void_v<value> || std::is_same_v<value, result<>>,
        "the tasks of a task group are task<> or task<result<>>: it has no room for values");
    task_group& group = inside.group();
    try {
      if constexpr (std::is_void_v<value>) {
        co_await std::invoke(std::move(f), std::move(args)...);
      } else {
        const result<> ended = co_await std::invoke(std::move(f), std::move(args)...);
        if (!ended && group.has_no_error()) group.outcome_ = ended;
      }
    } catch (...) {
      if (group.has_no_error()) group.exception_ = std::current_exception();
    }
  }

  [[nodiscard]] bool has_no_error() const noexcept { return outcome_ && !exception_; }
  void leave(member& gone) noexcept;
  void end() noexcept;

  semaphore permits_;
  std::size_t running_ = 0;
  std::size_t waiting_ = 0;  ///< coroutines in wait() and spawn()
  const char* thread_ = nullptr;
  detail::list<member, group_tag> members_;
  result<> outcome_;  ///< the first error
  std::exception_ptr exception_;
  detail::wait_line line_;
};

}  // namespace carousel
