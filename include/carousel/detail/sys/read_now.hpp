#pragma once

#include "carousel/config.hpp"

#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>

namespace carousel::sys {

/// Reads at an offset what is in the page cache already, or says -EAGAIN. It is the system call
/// alone where we know how, for the awaiter to inline: the kernel leaves the processor's stack of
/// return addresses empty, so that each return from a function that was called before is
/// mispredicted.
[[gnu::always_inline]] inline std::int32_t read_now(int fd, std::span<std::byte> into,
                                                    std::uint64_t at) noexcept {
  const iovec whole{.iov_base = into.data(), .iov_len = into.size()};
#if defined(__x86_64__)
  long result = SYS_preadv2;
  register std::uint64_t r10 asm("r10") = at;
  register long r8 asm("r8") = 0;
  register long r9 asm("r9") = RWF_NOWAIT;
  asm volatile("syscall"
               : "+a"(result)
               : "D"(static_cast<long>(fd)), "S"(&whole), "d"(1L), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return static_cast<std::int32_t>(result);
#else
  const ssize_t n = ::preadv2(fd, &whole, 1, static_cast<off_t>(at), RWF_NOWAIT);
  return n >= 0 ? static_cast<std::int32_t>(n) : -errno;
#endif
}

}  // namespace carousel::sys
