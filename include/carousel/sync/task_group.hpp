#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

#include "carousel/detail/base/recycler.hpp"
#include "carousel/detail/driver/wait_line.hpp"
#include "carousel/result.hpp"
#include "carousel/spawn.hpp"
#include "carousel/sync/semaphore.hpp"

namespace carousel {

/// Tasks that are over before something else goes on, and of which so many run at a time.
///
/// They are task<> or task<result<>>. The first error or exception that one of them ends with is
/// what wait() tells; it does not end the others. Destroying the group aborts those that are left,
/// so none of them outlives what it refers to in the scope around the group. Not thread-safe. None
/// of its own tasks may destroy it.
class task_group {
 public:
  static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

  explicit task_group(std::size_t at_once = unlimited) noexcept : places_(at_once) {
    CAROUSEL_ASSERT(at_once > 0, "a task group runs one task at a time at least");
  }
  task_group(const task_group&) = delete;
  task_group& operator=(const task_group&) = delete;
  ~task_group() {
    abort();
    CAROUSEL_ASSERT(running_ == 0, "a task group was destroyed by one of its own tasks");
  }

  /// Waits, in order with others, until fewer than `at_once` of its tasks run, then starts
  /// f(args...) as spawn() does. Error: canceled, and nothing was started. Throws std::bad_alloc.
  template <class F, class... Args>
    requires std::is_invocable_v<std::decay_t<F>, std::decay_t<Args>...>
  task<result<>> spawn(F f, Args... args) {
    result<semaphore::permit> place = co_await places_.acquire();
    if (!place) co_return std::unexpected(place.error());
    start(std::move(*place), std::move(f), std::move(args)...);
    co_return {};
  }
  /// False: so many run already, or others wait to start one.
  template <class F, class... Args>
    requires std::is_invocable_v<std::decay_t<F>, std::decay_t<Args>...>
  [[nodiscard]] bool try_spawn(F&& f, Args&&... args) {
    std::optional<semaphore::permit> place = places_.try_acquire();
    if (!place) return false;
    start(std::move(*place), std::forward<F>(f), std::forward<Args>(args)...);
    return true;
  }

  /// The number of its tasks that are not over.
  [[nodiscard]] std::size_t running() const noexcept { return running_; }
  /// Destroys those that are suspended at once, and the one that runs now at its next suspension.
  void abort() noexcept {
    list<member> left;
    left.splice_back(members_);
    while (!left.empty()) left.pop_front().task.abort();
  }

  /// Waits until all of its tasks are over, those that are started meanwhile included. Awaited:
  /// result<>. Errors: the first that one of them ended with, canceled. Rethrows an exception that
  /// came first.
  [[nodiscard]] auto wait() noexcept {
    struct operation {
      using resumed_by_loop [[maybe_unused]] = void;
      task_group& of;
      awaiter operator co_await() && noexcept { return awaiter(of); }
    };
    return operation{*this};
  }

 private:
  struct group_tag;
  struct member : detail::list_hook<group_tag>, detail::recycled {
    join_handle<void> task{nullptr};
    semaphore::permit place;
    explicit member(semaphore::permit taken) noexcept : place(std::move(taken)) {}
  };
  template <class T>
  using list = detail::list<T, group_tag>;

  /// With the task, from before its start until its coroutine is gone.
  class membership {
   public:
    membership(task_group& group, member& of) noexcept : group_(&group), of_(&of) {
      ++group.running_;
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

  class awaiter : detail::line_waiter {
   public:
    explicit awaiter(task_group& of) noexcept : of_(of) {
      reason = "waits for the tasks of a group";
    }
    static bool await_ready() noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> h) noexcept {
      if (of_.running_ == 0 && !detail::this_context().stopped()) serve();
      return wait(of_.line_, h);
    }
    [[nodiscard]] result<> await_resume() const {
      if (!served()) return std::unexpected(make_error_code(errc::canceled));
      if (of_.exception_) std::rethrow_exception(of_.exception_);
      return of_.outcome_;
    }

   private:
    task_group& of_;
  };

  template <class F, class... Args>
  void start(semaphore::permit place, F&& f, Args&&... args) {
    auto* made = new member(std::move(place));
    membership inside(*this, *made);
    made->task = carousel::spawn(run<std::decay_t<F>, std::decay_t<Args>...>, std::move(inside),
                                 std::forward<F>(f), std::forward<Args>(args)...);
  }
  template <class F, class... Args>
  static task<> run(membership inside, F f, Args... args) {
    static_assert(detail::makes_a_task<F, Args...>,
                  "a task group takes a callable that returns a carousel::task, and its arguments");
    using value = typename std::invoke_result_t<F, Args...>::value_type;
    static_assert(
        std::is_void_v<value> || std::is_same_v<value, result<>>,
        "the tasks of a task group are task<> or task<result<>>: it has no place for values");
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
  void leave(member& gone) noexcept {
    --running_;
    delete &gone;
    if (running_ > 0) return;
    while (!line_.empty()) line_.front().serve();
  }

  semaphore places_;
  std::size_t running_ = 0;
  list<member> members_;
  result<> outcome_;  ///< the first error
  std::exception_ptr exception_;
  detail::wait_line line_;
};

}  // namespace carousel
