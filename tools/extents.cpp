#include "extents.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace carousel::tool {

std::vector<extent> data_extents(int fd, std::uint64_t size) {
  std::vector<extent> found;
  std::uint64_t at = 0;
  while (at < size) {
    const off_t data = lseek(fd, static_cast<off_t>(at), SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;  // a hole to the end
    const off_t hole = data < 0 ? -1 : lseek(fd, data, SEEK_HOLE);
    if (data < 0 || hole <= data) return {{0, size}};
    found.push_back(
        {static_cast<std::uint64_t>(data), std::min(static_cast<std::uint64_t>(hole), size)});
    at = static_cast<std::uint64_t>(hole);
  }
  return found;
}

}  // namespace carousel::tool
