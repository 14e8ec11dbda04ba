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
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace carousel::tool {
namespace {

/// The options of the file system, from the line of its mount: they are behind the " - " that ends the optional fields.
std::string super_options(int fd) {
  struct statx about{};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &about) != 0 ||
      (about.stx_mask & STATX_MNT_ID) == 0)
    return {};
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream fields(line);
    std::uint64_t id = 0;
    if (!(fields >> id) || id != about.stx_mnt_id) continue;
    const std::size_t separator = line.find(" - ");
    const std::size_t options = line.rfind(' ');
    return separator < options ? line.substr(options + 1) : std::string();
  }
  return {};
}

/// The property of the file, which a new one has from its directory: "zlib", "zstd:3", or "none".
std::string compression_property(int fd) {
  std::array<char, 32> value{};
  const ssize_t n = ::fgetxattr(fd, "btrfs.compression", value.data(), value.size());
  return n > 0 ? std::string(value.data(), static_cast<std::size_t>(n)) : std::string();
}

/// Whether a list of options has compress=ALGORITHM, or compress-force=ALGORITHM, that is not "none".
bool asks_for_compression(std::string_view options) {
  while (!options.empty()) {
    const std::size_t comma = options.find(',');
    const std::string_view option = options.substr(0, comma);
    options.remove_prefix(comma == std::string_view::npos ? options.size() : comma + 1);
    const bool is_it = option == "compress" || option == "compress-force" ||
                       option.starts_with("compress=") || option.starts_with("compress-force=");
    if (is_it && !option.ends_with("=none") && !option.ends_with("=no")) return true;
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

bool compresses(int fd) {
  int flags = 0;
  const bool flagged = ::ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0;
  if (flagged && (static_cast<unsigned>(flags) & FS_COMPR_FL) != 0) return true;
  struct statfs about{};
  if (::fstatfs(fd, &about) != 0 || about.f_type != BTRFS_SUPER_MAGIC) return false;
  const std::string property = compression_property(fd);
  if (!property.empty()) return property != "none" && property != "no";
  return asks_for_compression(super_options(fd));
}

bool leaves_no_room(const std::error_code& why) noexcept {
  return why == std::errc::no_space_on_device || why == std::errc::file_too_large ||
         why == std::error_code(EDQUOT, std::generic_category());
}

}  // namespace carousel::tool
