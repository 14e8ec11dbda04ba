#pragma once

#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace carousel::detail {

/// Makes an eventfd readable. Its counter never comes near its limit, so this does not block.
inline void signal_event(int event_fd) noexcept {
  const std::uint64_t one = 1;
  while (::write(event_fd, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

}  // namespace carousel::detail
