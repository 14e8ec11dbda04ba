#pragma once

#include "carousel/config.hpp"

#include <chrono>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <type_traits>
#include <utility>

#include "carousel/detail/driver/fork_epoch.hpp"
#include "carousel/detail/driver/remote_waiter.hpp"
#include "carousel/join_handle.hpp"
#include "carousel/result.hpp"

namespace carousel::detail {

/// What the two ends of a remote_result share, but for the value. What the producer writes is the
/// receiver's from the end on.
class remote_ending {
 public:
  remote_ending() = default;
  remote_ending(const remote_ending&) = delete;
  remote_ending& operator=(const remote_ending&) = delete;
  virtual ~remote_ending() = default;

  // The producer, once.

  /// With a value, which has been written.
  void end() noexcept {
    has_value_ = true;
    finish();
  }
  /// With the exception that is handled now.
  void end_with_exception() noexcept;
  /// Without either: the runtime has ended before.
  void end_with_runtime() noexcept { finish(); }
  /// What starts the task says itself how that ended.
  bool starting = false;
  /// The mail of its runtime, which may be gone once this has ended.
  const mailbox* producer = nullptr;

  // The receiver.

  [[nodiscard]] bool ended() noexcept;
  /// False: the time is up.
  bool wait_for(std::chrono::nanoseconds duration) noexcept;
  void wait() noexcept;
  /// Nobody asks any more. An exception that is there or comes ends the process.
  void abandon() noexcept;
  /// Rethrows the exception if there is one; false if there is no value.
  [[nodiscard]] bool take_failure();
  /// Among the tasks that wait for it, of which there is one at most.
  [[nodiscard]] std::mutex& guard() noexcept { return guard_; }
  [[nodiscard]] remote_line& line() noexcept { return line_; }
  /// Under the guard.
  [[nodiscard]] bool has_ended() const noexcept { return ended_ || inherited(); }

 private:
  void finish() noexcept;
  [[noreturn]] void die() noexcept;
  /// This is a child of fork(), and the task its parent's.
  [[nodiscard]] bool inherited() const noexcept { return forks_ != forks; }

  std::mutex guard_;
  std::condition_variable at_end_;
  remote_line line_;
  bool ended_ = false;
  bool abandoned_ = false;
  bool has_value_ = false;
  unsigned forks_ = forks;
  std::exception_ptr failure_;
};

template <class T>
struct remote_outcome : remote_ending {
  std::optional<T> value;
  [[nodiscard]] T take() noexcept(std::is_nothrow_move_constructible_v<T>) {
    return std::move(*value);
  }
};
template <>
struct remote_outcome<void> : remote_ending {
  static void take() noexcept {}
};

/// The producer's end. Destroyed before it has given anything, it says that its runtime has ended:
/// nothing else destroys a task that has started and that nobody has a handle of.
template <class T>
class remote_promise {
 public:
  explicit remote_promise(std::shared_ptr<remote_outcome<T>> of) noexcept : of_(std::move(of)) {}
  remote_promise(remote_promise&&) noexcept = default;
  remote_promise& operator=(remote_promise&&) = delete;
  ~remote_promise() {
    if (of_ != nullptr && !of_->starting) of_->end_with_runtime();
  }
  [[nodiscard]] const std::shared_ptr<remote_outcome<T>>& outcome() const noexcept { return of_; }
  void end() noexcept { std::exchange(of_, nullptr)->end(); }
  void end_with_exception() noexcept { std::exchange(of_, nullptr)->end_with_exception(); }

 private:
  std::shared_ptr<remote_outcome<T>> of_;
};

}  // namespace carousel::detail
