#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>

#include "sys/abi.hpp"

namespace carousel::sys {

/// What io_uring_enter takes with enter_ext_arg (struct io_uring_getevents_arg, Linux 5.11).
struct wait_argument {
  std::uint64_t sigmask = 0;
  std::uint32_t sigmask_bytes = 8;
  std::uint32_t min_wait_us = 0;
  std::uint64_t timeout = 0;  ///< address of a kernel_timespec
};

struct kernel_timespec {
  std::int64_t seconds;
  std::int64_t nanoseconds;
};

/// A ring as io_uring_enter(2) names it: a descriptor, or an index of the thread's registered
/// rings.
struct ring_name {
  int fd = -1;
  std::uint32_t enter_flags = 0;
};

/// The system call, without a call to a library around it where we know how: one indirect jump and
/// one return fewer next to the kernel's boundary.
inline int enter_syscall(int fd, unsigned to_submit, unsigned min_complete, unsigned flags,
                         const void* argument, std::size_t argument_bytes) noexcept {
#if defined(__x86_64__)
  long result = SYS_io_uring_enter;
  register long r10 asm("r10") = flags;
  register const void* r8 asm("r8") = argument;
  register std::size_t r9 asm("r9") = argument_bytes;
  asm volatile("syscall"
               : "+a"(result)
               : "D"(static_cast<long>(fd)), "S"(static_cast<long>(to_submit)),
                 "d"(static_cast<long>(min_complete)), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return static_cast<int>(result);
#else
  const long result =
      syscall(SYS_io_uring_enter, fd, to_submit, min_complete, flags, argument, argument_bytes);
  return result < 0 ? -errno : static_cast<int>(result);
#endif
}

inline int enter(ring_name ring, unsigned to_submit, unsigned min_complete, unsigned flags,
                 const std::chrono::nanoseconds* timeout) noexcept {
  flags |= ring.enter_flags;
  const bool wants_several = min_complete > 1;
  if (timeout == nullptr && !wants_several)
    return enter_syscall(ring.fd, to_submit, min_complete, flags, nullptr, 8);
  // Without a timeout of its own the wait would end with several_wait.
  const std::chrono::nanoseconds longest = timeout != nullptr ? *timeout : std::chrono::hours(1);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(longest);
  const kernel_timespec at_most{.seconds = seconds.count(),
                                .nanoseconds = (longest - seconds).count()};
  const wait_argument argument{
      .min_wait_us = wants_several ? static_cast<std::uint32_t>(several_wait.count()) : 0U,
      .timeout = reinterpret_cast<std::uintptr_t>(&at_most)};
  return enter_syscall(ring.fd, to_submit, min_complete, flags | enter_ext_arg, &argument,
                       sizeof argument);
}

}  // namespace carousel::sys
