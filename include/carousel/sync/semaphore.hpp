#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include "carousel/detail/driver/wait_line.hpp"
#include "carousel/result.hpp"

namespace carousel {

/// A number of permits that tasks of one thread share: a limit on how much goes on at once.
///
/// Strictly in order: nobody overtakes a task that waits for more of them. Waiting
/// allocates nothing, and any verb around it may stop it; a task that is destroyed after it was
/// granted permits passes them on. Not thread-safe. It must outlive whoever waits for it and every
/// permit.
class semaphore {
 public:
  class acquire_operation;

  /// `permits` of them; that is also the most that one task can ask for.
  explicit semaphore(std::size_t permits) noexcept : total_(permits), free_(permits) {}

  /// Permits of a semaphore, which return when it is destroyed.
  class [[nodiscard]] permit {
   public:
    permit(permit&& other) noexcept : of_(std::exchange(other.of_, nullptr)), many_(other.many_) {}
    permit& operator=(permit&& other) noexcept {
      if (this != &other) {
        release();
        of_ = std::exchange(other.of_, nullptr);
        many_ = other.many_;
      }
      return *this;
    }
    ~permit() { release(); }

    /// Gives them back early. Does nothing after a move.
    void release() noexcept {
      if (of_ != nullptr) std::exchange(of_, nullptr)->give_back(many_);
    }

   private:
    friend class semaphore;
    permit(semaphore& of, std::size_t many) noexcept : of_(&of), many_(many) {}

    semaphore* of_;
    std::size_t many_;
  };

  /// The number of free permits.
  [[nodiscard]] std::size_t available() const noexcept { return free_; }
  /// Nothing when there are too few, and also when others wait.
  [[nodiscard]] std::optional<permit> try_acquire(std::size_t many = 1) noexcept {
    if (!line_.empty() || !take(many)) return std::nullopt;
    return permit(*this, many);
  }
  /// Awaited: result<permit>. Error: canceled.
  [[nodiscard]] acquire_operation acquire(std::size_t many = 1) noexcept;

 private:
  class awaiter : detail::line_waiter {
   public:
    awaiter(semaphore& of, std::size_t many) noexcept : of_(of), many_(many) {
      reason = "waits for a permit of a semaphore, a mutex or a task group";
      left = [](line_waiter& self) noexcept { static_cast<awaiter&>(self).of_.serve(); };
    }
    awaiter(const awaiter&) = delete;
    awaiter& operator=(const awaiter&) = delete;
    ~awaiter() {
      if (unpark()) {
        of_.serve();
      } else if (served() && !taken_) {
        of_.give_back(many_);
      }
    }
    static bool await_ready() noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> h) noexcept {
      if (!detail::this_context().stopped() && of_.line_.empty() && of_.take(many_)) serve();
      return wait(of_.line_, h);
    }
    [[nodiscard]] result<permit> await_resume() noexcept {
      if (!served()) return std::unexpected(make_error_code(errc::canceled));
      taken_ = true;
      return permit(of_, many_);
    }

   private:
    friend class semaphore;
    semaphore& of_;
    std::size_t many_;
    bool taken_ = false;  ///< by the permit that await_resume() made
  };

  [[nodiscard]] bool take(std::size_t many) noexcept;
  void give_back(std::size_t many) noexcept;
  /// Grants what is free to those in front.
  void serve() noexcept;

  std::size_t total_;
  std::size_t free_;
  detail::wait_line line_;
};

/// What acquire() returns; awaited once.
class [[nodiscard]] semaphore::acquire_operation {
 public:
  using resumed_by_loop = void;
  awaiter operator co_await() && noexcept { return {of_, many_}; }

 private:
  friend semaphore;
  acquire_operation(semaphore& of, std::size_t many) noexcept : of_(of), many_(many) {}

  semaphore& of_;
  std::size_t many_;
};

inline semaphore::acquire_operation semaphore::acquire(std::size_t many) noexcept {
  return {*this, many};
}

}  // namespace carousel
