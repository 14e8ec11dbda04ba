#pragma once

#include <cstddef>
#include <cstdint>

#include "carousel/config.hpp"

namespace carousel::detail {

/// The kernel's opcodes that the library uses (linux/io_uring.h; the comment gives the first kernel
/// version).
enum class opcode : std::uint8_t {
  nop = 0,            // 5.1
  readv = 1,          // 5.1
  writev = 2,         // 5.1
  fsync = 3,          // 5.1
  read_fixed = 4,     // 5.1
  write_fixed = 5,    // 5.1
  poll_add = 6,       // 5.1
  sendmsg = 9,        // 5.3
  recvmsg = 10,       // 5.3
  timeout = 11,       // 5.4
  accept = 13,        // 5.5
  async_cancel = 14,  // 5.5
  connect = 16,       // 5.5
  fallocate = 17,     // 5.6
  openat = 18,        // 5.6
  close = 19,         // 5.6
  statx = 21,         // 5.6
  read = 22,          // 5.6
  write = 23,         // 5.6
  fadvise = 24,       // 5.6
  madvise = 25,       // 5.6
  send = 26,          // 5.6
  recv = 27,          // 5.6
  openat2 = 28,       // 5.6
  splice = 30,        // 5.7
  tee = 33,           // 5.8
  shutdown = 34,      // 5.11
  renameat = 35,      // 5.11
  unlinkat = 36,      // 5.11
  mkdirat = 37,       // 5.15
  symlinkat = 38,     // 5.15
  linkat = 39,        // 5.15
  fsetxattr = 41,     // 5.19
  setxattr = 42,      // 5.19
  fgetxattr = 43,     // 5.19
  getxattr = 44,      // 5.19
  send_zc = 47,       // 6.0
  futex_wait = 51,    // 6.7
  futex_wake = 52,    // 6.7
  ftruncate = 55,     // 6.9
};

/// One operation as the kernel reads it: an entry of the submission queue (struct io_uring_sqe of
/// linux/io_uring.h). Addresses in it point into a buffer with a stable address or a side block,
/// never into a coroutine frame. What an operation does not use stays zero: kernels from 7.1 on
/// refuse anything else, and give such bytes a meaning later.
struct request {
  opcode code = opcode::nop;
  std::uint8_t sqe_flags = 0;
  std::uint16_t ioprio = 0;  ///< an accept's, a receive's or a send's flags of its own
  std::int32_t fd = 0;
  std::uint64_t offset = 0;  ///< or the second address
  std::uint64_t address = 0;
  std::uint32_t length = 0;
  std::uint32_t op_flags = 0;
  std::uint64_t user_data = 0;
  std::uint16_t buf_index = 0;
  std::uint16_t personality = 0;
  std::uint32_t file_index = 0;
  std::uint64_t address3 = 0;
  std::uint64_t pad = 0;
};
static_assert(sizeof(request) == 64);

/// The opcode's name in lower case, as in "read_fixed".
[[nodiscard]] const char* name_of(opcode code) noexcept;

/// It names an entry of the ring's table of registered buffers, or may do so.
[[nodiscard]] constexpr bool uses_buffer_table(opcode code) noexcept {
  return code == opcode::read_fixed || code == opcode::write_fixed || code == opcode::send_zc;
}

inline constexpr std::uint8_t sqe_fixed_file = 1U << 0U;
/// The next request starts when this one has succeeded, and else not at all.
inline constexpr std::uint8_t sqe_io_link = 1U << 2U;
inline constexpr std::uint64_t current_position = ~std::uint64_t{0};
/// The kernel clips a transfer to this many bytes (MAX_RW_COUNT, a whole number of pages below 2
/// GiB).
inline constexpr std::size_t transfer_bytes_max = 0x7ffff000;

}  // namespace carousel::detail
