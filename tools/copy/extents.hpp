#pragma once

#include <cstdint>
#include <vector>

namespace carousel::tool {

struct extent {
  std::uint64_t begin;
  std::uint64_t end;
};

/// Where a sparse file has data.
struct data_map {
  std::vector<extent> extents;
  bool trusted =
      true;  ///< false: the extents are the whole file, and what is zero in it may be a hole of the copy
};

/// Of a file of `size` bytes, by lseek(2) with SEEK_DATA, where the file system is one that is known to tell the truth. Others
/// have called data a hole, and a copy of zeros is worse than a slow one.
[[nodiscard]] data_map data_of(int fd, std::uint64_t size);

}  // namespace carousel::tool
