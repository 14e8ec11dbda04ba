#pragma once

#include <sys/utsname.h>

#include <cstdio>
#include <utility>

namespace carousel::test {

/// The kernel that runs is older than Linux major.minor.
[[nodiscard]] inline bool linux_is_before(int major, int minor) {
  utsname running{};
  std::pair<int, int> version;
  if (::uname(&running) != 0 ||
      std::sscanf(running.release, "%d.%d", &version.first, &version.second) != 2)
    return false;
  return version < std::pair(major, minor);
}

/// Before Linux 6.4 io_uring reads a pipe by a worker or after a poll, even if the pipe has data.
[[nodiscard]] inline bool pipe_reads_always_wait() { return linux_is_before(6, 4); }

}  // namespace carousel::test
