#include "sys/write_flag.hpp"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace carousel::sys {

std::optional<bool> knows_write_flag(std::uint32_t flag) noexcept {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  // A write of no bytes succeeds whatever its flags are.
  char byte = 0;
  const iovec one{.iov_base = &byte, .iov_len = 1};
  std::optional<bool> known;
  if (pwritev2(ends[1], &one, 1, -1, static_cast<int>(flag)) == 1) {
    known = true;
  } else if (errno == EOPNOTSUPP) {
    known = false;
  }
  ::close(ends[0]);
  ::close(ends[1]);
  return known;
}

}  // namespace carousel::sys
