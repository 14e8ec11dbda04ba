#pragma once

#include "carousel/config.hpp"

#include <coroutine>
#include <memory>
#include <system_error>
#include <type_traits>
#include <utility>

#include "carousel/detail/base/any_duration.hpp"
#include "carousel/detail/loop/remote_outcome.hpp"

namespace carousel {

/// What a task of another thread's runtime ends with: what std::future is to std::async.
///
/// Move-only; used by one thread at a time, any of them. A plain thread calls get(), a task awaits
/// it: `co_await std::move(r)`. Both give the task's value or rethrow its exception, once. Where
/// the runtime has ended before the task has, or is that of the parent of this process, they give
/// errc::shut_down: as the value if T is a result, as std::system_error otherwise. What the task
/// brings was made on its runtime's thread, and is destroyed by whoever has it last.
///
/// Destroying it detaches the task; an exception that nobody can receive any more ends the
/// process with a sentence. A request to stop (timeout, stop_on, when_any) ends the awaiting in
/// the same words, with errc::canceled, and lets the task go on alone, if T is a result or void;
/// for any other T the await waits on, because what the task brings would be lost.
template <class T>
class [[nodiscard]] remote_result {
  using outcome = detail::remote_outcome<T>;

 public:
  using resumed_by_loop = void;
  explicit remote_result(std::shared_ptr<outcome> of) noexcept : of_(std::move(of)) {}
  remote_result(remote_result&&) noexcept = default;
  remote_result& operator=(remote_result&& other) noexcept {
    remote_result old(std::move(other));
    of_.swap(old.of_);
    return *this;
  }
  ~remote_result() {
    if (of_ != nullptr) of_->abandon();
  }

  /// The task has ended, or will not: get() does not wait.
  [[nodiscard]] bool ready() const noexcept { return checked().ended(); }
  /// Blocks the thread, which must not be one that turns a runtime just then: a task awaits.
  void wait() const noexcept {
    if (!ready()) may_block().wait();
  }
  /// The same, for so long at most; false if the task has not ended by then.
  [[nodiscard]] bool wait_for(detail::any_duration duration) const noexcept {
    return ready() || may_block().wait_for(duration);
  }
  /// Blocks like wait(), and gives what the task has ended with.
  [[nodiscard]] T get() {
    wait();
    const std::shared_ptr<outcome> over = std::exchange(of_, nullptr);
    return take(*over);
  }

  auto operator co_await() && {
    (void)checked();
    return awaiter(std::exchange(of_, nullptr));
  }

 private:
  /// Outlives the waiter, whose guard it has. Nothing is left in it that could be missed once the
  /// result was taken.
  struct outcome_holder {
    remote_result of;
  };
  class awaiter : outcome_holder, detail::remote_waiter {
    static constexpr bool can_be_stopped = std::is_void_v<T> || detail::is_result<T>;

   public:
    explicit awaiter(std::shared_ptr<outcome> awaited) noexcept
        : outcome_holder{remote_result(std::move(awaited))},
          remote_waiter(this->of.of_->guard(), "waits for a task that was spawned from outside") {
      this->stoppable = can_be_stopped;
      this->served_by = this->of.of_->producer;
    }
    awaiter(const awaiter&) = delete;
    awaiter& operator=(const awaiter&) = delete;
    ~awaiter() { this->leave(); }

    static constexpr bool await_ready() noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> h) {
      outcome& shared = *this->of.of_;
      return this->wait(h, shared.line(), [&] { return shared.has_ended(); });
    }
    [[nodiscard]] T await_resume() {
      if (!remote_waiter::take()) return refuse(errc::canceled, "an await was stopped");
      return remote_result::take(*this->of.of_);
    }
  };

  static T refuse(errc why, const char* sentence) {
    if constexpr (detail::is_result<T>) {
      return std::unexpected(make_error_code(why));
    } else {
      throw std::system_error(make_error_code(why), sentence);
    }
  }
  static T take(outcome& over) {
    if (!over.take_failure()) return refuse(errc::shut_down, "a task's runtime ended before it");
    return over.take();
  }
  outcome& checked() const noexcept {
    CAROUSEL_ASSERT(of_ != nullptr, "this remote_result was moved from, or has given its result");
    return *of_;
  }
  outcome& may_block() const noexcept {
    CAROUSEL_ASSERT(detail::current_context == nullptr,
                    "remote_result::get() and wait() block the thread, and a runtime with it: "
                    "co_await it in a task");
    return *of_;
  }

  std::shared_ptr<outcome> of_;  ///< null once it has given its result, or was moved from

 public:
  CAROUSEL_REFUSED("a remote_result is awaited once, as an rvalue: co_await std::move(r)")
  awaiter operator co_await() &;
};

}  // namespace carousel
