#include "copy/storage.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include <array>
#include <cerrno>
#include <string>

#include "common/last_error.hpp"
#include "common/mount_entry.hpp"
#include "copy/descriptors.hpp"

namespace carousel::tool {
namespace {

/// The property of the file, which a new one has from its directory: "zlib", "zstd:3", or "none".
std::string compression_property(int fd) {
  std::array<char, 32> value{};
  const ssize_t n = ::fgetxattr(fd, "btrfs.compression", value.data(), value.size());
  return n > 0 ? std::string(value.data(), static_cast<std::size_t>(n)) : std::string();
}

bool asks_for_compression(const std::string& options) {
  for (const char* option : {"compress", "compress-force"}) {
    const auto how = mount_option(options, option);
    if (how && *how != "none" && *how != "no") return true;
  }
  return false;
}

}  // namespace

task<std::uint64_t> direct_grain(const file& f, std::size_t memory_alignment) {
  const auto info = co_await f.info();
  if (!info || info->direct_offset_alignment == 0 || info->direct_memory_alignment == 0)
    co_return 0;
  co_return memory_alignment % info->direct_memory_alignment == 0 ? info->direct_offset_alignment
                                                                  : 0;
}

result<bool> compresses(int fd) {
  int flags = 0;
  const bool flagged = ::ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0;
  if (flagged && (static_cast<unsigned>(flags) & FS_COMPR_FL) != 0) return true;
  struct statfs about{};
  if (::fstatfs(fd, &about) != 0 || about.f_type != BTRFS_SUPER_MAGIC) return false;
  const std::string property = compression_property(fd);
  if (!property.empty()) return property != "none" && property != "no";
  errno = 0;
  const auto mounted = mount_of(fd);
  if (const std::error_code why = last_error(); !mounted && out_of_descriptors(why))
    return std::unexpected(why);
  return mounted && asks_for_compression(mounted->options);
}

bool leaves_no_room(int fd, const std::error_code& why) {
  if (why == std::errc::file_too_large) return true;
  const bool is_full = why == std::errc::no_space_on_device ||
                       why == std::error_code(EDQUOT, std::generic_category());
  if (!is_full) return false;
  const auto mounted = mount_of(fd);
  return !mounted || mounted->type != "fuse.mergerfs";
}

}  // namespace carousel::tool
