#pragma once

#include <sys/types.h>

#include "carousel/fs/file.hpp"
#include "carousel/result.hpp"
#include "carousel/task.hpp"

namespace carousel {

/// How a process has ended: by exit, or by a signal.
struct process_end {
  int code = 0;       ///< of exit, if no signal ended it
  int signal = 0;     ///< that ended it; 0: it has exited
  bool core = false;  ///< and it has left a core dump
  [[nodiscard]] bool success() const noexcept { return signal == 0 && code == 0; }
};

/// Another process, held by a descriptor (pidfd_open(2)): what is sent to it never reaches another
/// one that has got its number meanwhile. It is not ended with this handle. Used on one thread.
///
/// Nothing here touches SIGCHLD or a handler of it.
class process {
 public:
  /// The process with this number, which must not have been reaped: of a child that nobody else
  /// waits for that is certain. Errors: no_such_process, too_many_files_open, and on kernels before
  /// Linux 5.3 function_not_supported.
  [[nodiscard]] static result<process> open(pid_t pid);
  /// Takes over a descriptor that clone(2), pidfd_open(2) or another process has given. Throws
  /// std::bad_alloc.
  [[nodiscard]] static process from_fd(int pidfd) { return process(file::from_fd(pidfd)); }

  [[nodiscard]] int fd() const noexcept { return handle_.fd(); }

  /// Waits until it has ended, collects a child, and says how it ended. Nothing is collected before
  /// the task goes on, so where waiting is stopped, or its task destroyed, the next one to wait
  /// gets it. It must outlive whoever waits. Errors: canceled; no_child, when the process has ended
  /// and how is not to be known: it is no child of this process, or somebody else has collected it,
  /// as the kernel does by itself where SIGCHLD is ignored.
  [[nodiscard]] task<result<process_end>> wait() const;
  /// kill(2) by the descriptor. Errors: no_such_process once it was collected,
  /// operation_not_permitted, invalid_argument.
  [[nodiscard]] result<> send_signal(int signal) const noexcept;

 private:
  explicit process(file handle) noexcept : handle_(std::move(handle)) {}

  file handle_;
};

}  // namespace carousel
