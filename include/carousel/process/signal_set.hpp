#pragma once

#include <sys/types.h>

#include <cstdint>
#include <initializer_list>
#include <span>

#include "carousel/fs/file.hpp"
#include "carousel/result.hpp"
#include "carousel/task.hpp"

namespace carousel {

/// A signal that has arrived, as sigaction(2) describes it.
struct signal_info {
  int signal = 0;           ///< SIGINT and so on
  int code = 0;             ///< SI_USER, SI_QUEUE, CLD_EXITED and so on
  pid_t pid = 0;            ///< who has sent it, or the child that it is about
  uid_t uid = 0;            ///< of that
  int status = 0;           ///< of SIGCHLD: the exit code, or the signal that ended the child
  std::uint64_t value = 0;  ///< what sigqueue(3) came with
};

/// Signals as a stream for the tasks of one thread: `const auto one = co_await set.next();`.
///
/// The signals are blocked in the thread that makes it, and wait in the kernel until somebody takes
/// them; what they do otherwise stays as it is: no handler is set, and none is changed, not even of
/// SIGPIPE and SIGCHLD. **Every other thread must block them too**, or the kernel gives one sent to
/// the process to a thread that does not, and what it does by default happens: make the set before
/// the threads, which inherit what is blocked. So do programs that are started.
///
/// Of a standard signal the kernel keeps one until it is taken, so of several equal ones the first
/// is told; real-time signals queue. When the last set of a thread that has a signal is destroyed,
/// on that thread, it is unblocked there if it was not blocked before: one that has arrived and
/// that nobody took does then what it does otherwise. On another thread nothing is unblocked. Not
/// thread-safe; a signal goes to one of those who wait, if there are several sets or tasks.
class signal_set {
 public:
  /// Errors: std::errc::invalid_argument for no signal at all, for a number that is none, for
  /// SIGKILL and SIGSTOP, which nobody can wait for, and for those below SIGRTMIN that the C
  /// library uses itself; too_many_files_open. Throws std::bad_alloc.
  [[nodiscard]] static result<signal_set> make(std::span<const int> signals);
  [[nodiscard]] static result<signal_set> make(std::initializer_list<int> signals) {
    return make(std::span(signals.begin(), signals.size()));
  }
  /// The same as a constructor. Throws std::system_error, std::bad_alloc.
  signal_set(std::initializer_list<int> signals);
  signal_set(signal_set&& other) noexcept;
  signal_set& operator=(signal_set&& other) noexcept;
  ~signal_set() { release(); }

  /// Waits for the next one. Nothing is taken from the kernel before the task goes on, so no signal
  /// is lost where waiting is stopped, or its task destroyed: the next one to wait gets it. It must
  /// outlive whoever waits. Error: canceled.
  [[nodiscard]] task<result<signal_info>> next() const;

 private:
  signal_set(file arrived, std::uint64_t signals) noexcept;
  void release() noexcept;

  file arrived_;           ///< a signalfd
  std::uint64_t signals_;  ///< by bits; none after a move
  const char* thread_ = nullptr;
};

}  // namespace carousel
