#pragma once

#include <cstdint>

namespace carousel::tool {

/// What the kernel tells of direct I/O on a file (STATX_DIOALIGN): memory addresses, and offsets
/// and lengths, must be multiples of these. That a file could be opened with O_DIRECT says nothing:
/// transfers may go through the page cache all the same.
struct direct_alignment {
  bool told = false;
  std::uint32_t memory = 0;
  std::uint32_t offset = 0;
  /// The kernel says that there is no direct I/O on this file.
  [[nodiscard]] bool says_none() const noexcept { return told && offset == 0; }
};
[[nodiscard]] direct_alignment direct_alignment_of(int fd) noexcept;

}  // namespace carousel::tool
