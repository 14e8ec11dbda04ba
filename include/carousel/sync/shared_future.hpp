#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <system_error>
#include <type_traits>
#include <utility>

#include "carousel/detail/driver/wait_line.hpp"
#include "carousel/result.hpp"
#include "carousel/spawn.hpp"

namespace carousel {

/// One value that many tasks of a thread wait for: what is loaded or computed once for all who ask.
///
/// A handle: copies are the same future. Whoever produces the value gives it once, or an error;
/// those who wait go on in the order in which they began to, and whoever comes later does not wait.
/// Waiting allocates nothing, and any verb around it may stop it: the others wait on. Not
/// thread-safe.
template <class T>
class shared_future {
  static_assert(std::is_object_v<T> && std::is_nothrow_move_constructible_v<T>,
                "a shared_future has an object that moves without throwing: no reference, and its "
                "move constructor is noexcept");

 public:
  class wait_operation;

  /// Of a value that set() will bring. Throws std::bad_alloc.
  shared_future() : state_(std::make_shared<state>()) {}
  /// Of what a task ends with: a value, an error, errc::canceled when it is aborted, or an
  /// exception, which wait() rethrows. Throws std::bad_alloc; stops the process outside a runtime.
  explicit shared_future(join_handle<result<T>> producer) : shared_future() {
    spawn(take<result<T>>, std::move(producer), *this).detach();
  }
  explicit shared_future(join_handle<T> producer) : shared_future() {
    spawn(take<T>, std::move(producer), *this).detach();
  }

  /// It has a value or an error.
  [[nodiscard]] bool ready() const noexcept { return checked()->outcome.has_value(); }
  /// False: it had a value or an error before, and keeps that.
  bool set(T value) const noexcept { return checked()->end(std::move(value)); }
  /// The same with an error for all who wait.
  bool fail(std::error_code why) const noexcept { return checked()->end(std::unexpected(why)); }

  /// Awaited: result<std::shared_ptr<const T>>, to the value in the future, which lives as long.
  /// Errors: what fail() gave, canceled.
  [[nodiscard]] wait_operation wait() const noexcept { return wait_operation(checked()); }

 private:
  struct state {
    std::optional<result<T>> outcome;
    std::exception_ptr exception;  ///< and then the outcome is an error
    detail::wait_line line;

    bool end(result<T>&& with) noexcept {
      if (outcome) return false;
      outcome.emplace(std::move(with));
      while (!line.empty()) line.front().serve();
      return true;
    }
  };

  /// Outlives the waiter's place in the line.
  struct state_holder {
    std::shared_ptr<state> of;
  };
  class awaiter : state_holder, detail::line_waiter {
   public:
    explicit awaiter(std::shared_ptr<state> waited_for) noexcept
        : state_holder{std::move(waited_for)} {
      reason = "waits for a shared future";
    }
    static bool await_ready() noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> h) noexcept {
      if (of->outcome && !detail::this_context().stopped()) serve();
      return wait(of->line, h);
    }
    [[nodiscard]] result<std::shared_ptr<const T>> await_resume() const {
      if (of->exception) std::rethrow_exception(of->exception);
      if (!served()) return std::unexpected(make_error_code(errc::canceled));
      const result<T>& outcome = *of->outcome;
      if (!outcome) return std::unexpected(outcome.error());
      return std::shared_ptr<const T>(of, &*outcome);
    }

   private:
    using state_holder::of;
  };

  template <class Result>
  static task<> take(join_handle<Result> producer, shared_future into) {
    state& mine = *into.state_;
    try {
      result<T> outcome = co_await std::move(producer);
      (void)mine.end(std::move(outcome));
    } catch (...) {
      if (!mine.outcome) mine.exception = std::current_exception();
      (void)mine.end(std::unexpected(make_error_code(errc::canceled)));
    }
  }

  [[nodiscard]] const std::shared_ptr<state>& checked() const noexcept {
    CAROUSEL_ASSERT(state_ != nullptr, "this shared_future was moved from");
    return state_;
  }

  std::shared_ptr<state> state_;
};

/// What wait() returns; awaited once.
template <class T>
class [[nodiscard]] shared_future<T>::wait_operation {
 public:
  using resumed_by_loop = void;
  awaiter operator co_await() && noexcept { return awaiter(std::move(of_)); }

 private:
  friend shared_future;
  explicit wait_operation(std::shared_ptr<state> of) noexcept : of_(std::move(of)) {}

  std::shared_ptr<state> of_;
};

}  // namespace carousel
