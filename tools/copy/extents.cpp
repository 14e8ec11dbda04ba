#include "copy/extents.hpp"

#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace carousel::tool {
namespace {

bool tells_the_truth(int fd) noexcept {
  constexpr std::array<unsigned long, 5> known = {EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC,
                                                  BTRFS_SUPER_MAGIC, TMPFS_MAGIC, F2FS_SUPER_MAGIC};
  struct statfs about{};
  if (::fstatfs(fd, &about) != 0) return false;
  return std::ranges::find(known, static_cast<unsigned long>(about.f_type)) != known.end();
}

}  // namespace

data_map data_of(int fd, std::uint64_t size) {
  data_map everything{{{0, size}}, false};
  if (!tells_the_truth(fd)) return everything;
  data_map found;
  for (std::uint64_t at = 0; at < size;) {
    const off_t data = ::lseek(fd, static_cast<off_t>(at), SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;  // a hole to the end
    const off_t hole = data < 0 ? -1 : ::lseek(fd, data, SEEK_HOLE);
    if (data < 0 || hole <= data) return everything;
    found.extents.push_back(
        {static_cast<std::uint64_t>(data), std::min(static_cast<std::uint64_t>(hole), size)});
    at = static_cast<std::uint64_t>(hole);
  }
  return found;
}

}  // namespace carousel::tool
