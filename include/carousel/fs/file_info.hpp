#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>

#include "carousel/config.hpp"

namespace carousel {

/// What statx(2) tells about a file.
struct file_info {
  using time_point = std::chrono::sys_time<std::chrono::nanoseconds>;

  std::filesystem::file_type type;
  std::uint32_t permissions;  ///< permission bits, with set-user-ID, set-group-ID and sticky
  std::uint64_t size;         ///< in bytes
  std::uint64_t allocated;    ///< bytes of storage in use; less than size for a sparse file
  std::uint32_t user;
  std::uint32_t group;
  std::uint64_t links;
  std::uint64_t inode;
  std::uint64_t device;
  time_point accessed;
  time_point modified;
  time_point changed;
  /// Alignment in bytes that O_DIRECT asks of addresses, and of offsets and lengths; 0 where the
  /// kernel (before 6.1) or the file system does not say.
  std::uint32_t direct_memory_alignment;
  std::uint32_t direct_offset_alignment;
};

}  // namespace carousel
