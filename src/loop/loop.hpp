#pragma once

#include <csignal>
#include <memory>
#include <thread>

#include "carousel/detail/driver/fork_epoch.hpp"
#include "carousel/detail/loop/task_record.hpp"
#include "driver/ring_driver.hpp"
#include "sys/signal_shield.hpp"

namespace carousel::detail {

/// The turning heart of a runtime: ready queue, timers and driver in one order, the same each turn.
class loop : public context {
 public:
  explicit loop(std::unique_ptr<ring_driver> made) noexcept : io_(std::move(made)) {
    io = io_.get();
  }

  /// Turns until `until` has ended.
  void run(task_record& until);
  /// Does what there is to do now, the timers that are due included, and does not wait.
  void poll();
  void adopt(task_record& record) noexcept;
  void task_started(task_record& record) noexcept { tasks_.push_back(record); }
  void task_finished(task_record& record) noexcept;
  /// False: the kernel still holds operations past the deadline; the driver is leaked.
  [[nodiscard]] bool shut_down(std::chrono::nanoseconds deadline);
  /// How long nothing but a completion needs a turn.
  [[nodiscard]] std::chrono::nanoseconds may_wait() const noexcept;
  /// What the program waits on meanwhile.
  [[nodiscard]] result<int> event_fd() noexcept;

  /// It was made before a fork() whose child this process is: the ring is the parent's.
  [[nodiscard]] bool inherited() const noexcept { return forks_ != forks; }
  /// Its runtime ends where it cannot be shut down, and nobody goes on in it: exit() was called
  /// inside a task, whose coroutine is on this stack, or in another thread than the runtime's.
  /// Nothing of its tasks is destroyed and nothing is cancelled, for that would run the program's
  /// code in the middle of other code of it; the process ends, and the kernel ends the operations
  /// then.
  [[nodiscard]] bool must_be_left_alone() const noexcept {
    return current_context != nullptr || thread_ != std::this_thread::get_id();
  }

  /// Makes the loop this thread's context for as long as it lives.
  class turning {
   public:
    explicit turning(loop& l) noexcept;
    turning(const turning&) = delete;
    turning& operator=(const turning&) = delete;
    ~turning();

   private:
    loop& loop_;
    /// Beyond RLIMIT_FSIZE a write fails with EFBIG, and some file systems raise the signal as
    /// well, where it is this thread that executes the write and no worker of the kernel: nothing
    /// that a program knows. It takes the whole time, because around each enter it would cost more
    /// than the enter.
    sys::signal_shield no_sigxfsz_{SIGXFSZ};
  };

 private:
  struct in_nobodys_name_afterwards;

  /// Whatever was begun, made ready or asked for and waits for a turn, not for the kernel, another
  /// thread or the clock.
  [[nodiscard]] bool wants_turn() const noexcept;
  /// The loop does not turn: who posts writes to this eventfd, which the program waits for.
  void tell_posters(int event_fd) const noexcept;
  void turn();
  // Inlined into run(): see driver/turn.hpp. Waits only if nothing is ready and `until`, which may
  // be null, has not ended.
  void turn_once(const task_record* until);
  void run_coroutines();
  void run_ready();
  void quick_turns(const task_record& until);
  [[nodiscard]] bool needs_whole_turn() const noexcept;
  bool resume(waiter& w);
  bool after_resume(task_record* record) noexcept;
  bool handle_task_event(task_record* record) noexcept;
  void destroy_finished() noexcept;
  void abort_all() noexcept;
  [[noreturn]] void report_stall();

  std::unique_ptr<ring_driver> io_;
  // Of task_record.
  list<waiter, ready_tag> tasks_;  ///< those that have started
  list<waiter, ready_tag> finished_;
  /// When the last turn had come back from the kernel: what had completed by then is delivered
  /// before the next deadlines.
  steady_time returned_at_ = steady_time::min();
  std::uint32_t last_id_ = 0;
  bool ending_ = false;
  unsigned forks_ = forks;
  std::thread::id thread_ = std::this_thread::get_id();
};

}  // namespace carousel::detail
