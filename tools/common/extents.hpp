#pragma once

#include <sys/types.h>

#include <cstdint>
#include <limits>
#include <vector>

namespace carousel::tool {

/// The last offset that a file can have.
inline constexpr auto offset_max = static_cast<std::uint64_t>(std::numeric_limits<off_t>::max());

/// The bytes [begin, end) of a file.
struct extent {
  std::uint64_t begin;
  std::uint64_t end;
};

/// Where a sparse file has data.
struct data_map {
  std::vector<extent> extents;  ///< ascending, none of them empty, none touching another's bytes
  /// False: the extents are the whole file, and what is zero in it may be a hole of the copy.
  bool trusted = true;

  /// Without a hole.
  [[nodiscard]] bool is_whole(std::uint64_t size) const noexcept {
    return extents.size() == 1 && extents.front().begin == 0 && extents.front().end >= size;
  }
};

/// Of a file of `size` bytes, by lseek(2) with SEEK_DATA, where the file system is one that is
/// known to tell the truth. Others have called data a hole, and a copy of zeros is worse than a
/// slow one.
[[nodiscard]] data_map data_of(int fd, std::uint64_t size);
/// Of a part of it, of which alone is asked; where it is not trusted, the part is the one extent.
[[nodiscard]] data_map data_of(int fd, extent part);

/// What is data in one of two maps or in both.
[[nodiscard]] std::vector<extent> united(const std::vector<extent>& one,
                                         const std::vector<extent>& other);

}  // namespace carousel::tool
