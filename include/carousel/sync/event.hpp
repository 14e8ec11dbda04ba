#pragma once

#include "carousel/detail/driver/wait_line.hpp"
#include "carousel/result.hpp"

namespace carousel {

/// A flag that tasks of one thread wait for. set() lets all that wait go on in the loop's next
/// turn, in the order in which they began to, and whoever comes later does not wait; reset() makes
/// later ones wait again, and takes nothing from those that were woken.
///
/// Waiting allocates nothing, and any verb around it may stop it. Not thread-safe: from another
/// thread wake a task with stop_on, or with a descriptor. It must outlive whoever waits for it.
class event {
 public:
  class wait_operation;

  [[nodiscard]] bool is_set() const noexcept { return set_; }
  void set() noexcept {
    set_ = true;
    while (!line_.empty()) line_.front().serve();
  }
  void reset() noexcept { set_ = false; }

  /// Awaited: result<>. Error: canceled.
  [[nodiscard]] wait_operation wait() noexcept;

 private:
  class awaiter : detail::line_waiter {
   public:
    explicit awaiter(event& on) noexcept : on_(on) { reason = "waits for an event"; }
    static bool await_ready() noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> h) noexcept {
      if (on_.set_ && !detail::this_context().stopped()) serve();
      return wait(on_.line_, h);
    }
    [[nodiscard]] result<> await_resume() const noexcept {
      if (!served()) return std::unexpected(make_error_code(errc::canceled));
      return {};
    }

   private:
    event& on_;
  };

  bool set_ = false;
  detail::wait_line line_;
};

/// What wait() returns; awaited once.
class [[nodiscard]] event::wait_operation {
 public:
  using resumed_by_loop = void;
  awaiter operator co_await() && noexcept { return awaiter(on_); }

 private:
  friend event;
  explicit wait_operation(event& on) noexcept : on_(on) {}

  event& on_;
};

inline event::wait_operation event::wait() noexcept { return wait_operation(*this); }

}  // namespace carousel
