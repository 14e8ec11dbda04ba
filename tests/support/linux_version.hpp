#pragma once

#include "sys/linux_version.hpp"

namespace carousel::test {

/// The kernel that runs is older than Linux major.minor.
[[nodiscard]] inline bool linux_is_before(int major, int minor) {
  const sys::linux_version running = sys::running_linux();
  return running != sys::linux_version{} && running < sys::linux_version{major, minor};
}

/// Before Linux 6.4 io_uring reads a pipe by a worker or after a poll, even if the pipe has data.
[[nodiscard]] inline bool pipe_reads_always_wait() { return linux_is_before(6, 4); }

}  // namespace carousel::test
