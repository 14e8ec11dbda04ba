#include "common/extents.hpp"

#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <utility>

namespace carousel::tool {
namespace {

/// The answers of overlayfs are those of the layer that holds the file.
bool tells_the_truth(int fd) noexcept {
  constexpr std::array<unsigned long, 6> known = {EXT4_SUPER_MAGIC,  XFS_SUPER_MAGIC,
                                                  BTRFS_SUPER_MAGIC, TMPFS_MAGIC,
                                                  F2FS_SUPER_MAGIC,  OVERLAYFS_SUPER_MAGIC};
  struct statfs about{};
  if (::fstatfs(fd, &about) != 0) return false;
  return std::ranges::find(known, static_cast<unsigned long>(about.f_type)) != known.end();
}

}  // namespace

data_map data_of(int fd, std::uint64_t size) { return data_of(fd, extent{0, size}); }

data_map data_of(int fd, extent part) {
  data_map everything{.extents = {part}, .trusted = false};
  if (!tells_the_truth(fd)) return everything;
  data_map found;
  for (std::uint64_t at = part.begin; at < part.end;) {
    const off_t data = ::lseek(fd, static_cast<off_t>(at), SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;  // a hole to the end
    const off_t hole = data < 0 ? -1 : ::lseek(fd, data, SEEK_HOLE);
    if (data < 0 || hole <= data) return everything;
    const extent next{std::max(at, static_cast<std::uint64_t>(data)),
                      std::min(static_cast<std::uint64_t>(hole), part.end)};
    at = static_cast<std::uint64_t>(hole);
    if (next.begin < next.end) found.extents.push_back(next);
  }
  return found;
}

std::vector<extent> united(const std::vector<extent>& one, const std::vector<extent>& other) {
  std::vector<extent> all;
  all.reserve(one.size() + other.size());
  std::ranges::merge(one, other, std::back_inserter(all), {}, &extent::begin, &extent::begin);
  std::vector<extent> result;
  for (const extent& e : all) {
    if (!result.empty() && e.begin <= result.back().end) {
      result.back().end = std::max(result.back().end, e.end);
    } else {
      result.push_back(e);
    }
  }
  return result;
}

}  // namespace carousel::tool
