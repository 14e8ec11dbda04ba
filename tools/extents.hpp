#pragma once

#include <cstdint>
#include <vector>

namespace carousel::tool {

struct extent {
  std::uint64_t begin;
  std::uint64_t end;
};

/// Where a file of `size` bytes has data, by lseek(2) with SEEK_DATA; the whole file where that is not to be had.
[[nodiscard]] std::vector<extent> data_extents(int fd, std::uint64_t size);

}  // namespace carousel::tool
