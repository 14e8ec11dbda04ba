#include "bench/subject.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "common/direct_alignment.hpp"
#include "common/last_error.hpp"
#include "common/naming.hpp"
#include "common/same_time.hpp"

namespace carousel::tool::bench {
namespace {

constexpr long xfs_magic = 0x58465342;
constexpr long zfs_magic = 0x2fc12fc1;
constexpr long ntfs3_magic = 0x7366746e;

struct known_file_system {
  long magic;
  const char* name;
};
constexpr std::array<known_file_system, 13> known = {{{EXT4_SUPER_MAGIC, "ext4"},
                                                      {xfs_magic, "XFS"},
                                                      {BTRFS_SUPER_MAGIC, "Btrfs"},
                                                      {F2FS_SUPER_MAGIC, "F2FS"},
                                                      {zfs_magic, "ZFS"},
                                                      {TMPFS_MAGIC, "tmpfs"},
                                                      {RAMFS_MAGIC, "ramfs"},
                                                      {OVERLAYFS_SUPER_MAGIC, "overlayfs"},
                                                      {NFS_SUPER_MAGIC, "NFS"},
                                                      {FUSE_SUPER_MAGIC, "FUSE"},
                                                      {SQUASHFS_MAGIC, "squashfs"},
                                                      {MSDOS_SUPER_MAGIC, "FAT"},
                                                      {ntfs3_magic, "NTFS"}}};

std::string because(const char* what, const std::string& path, int why) {
  return fmt::format("cannot {} {}: {}", what, shell_quoted(path), error_text(why));
}

/// O_NOATIME is for the owner only.
int open_untouched(const std::string& path, int more) noexcept {
  constexpr int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  const int fd = ::open(path.c_str(), flags | O_NOATIME | more);
  return fd >= 0 || errno != EPERM ? fd : ::open(path.c_str(), flags | more);
}

long magic_of(int fd) noexcept {
  struct statfs about{};
  return ::fstatfs(fd, &about) == 0 ? static_cast<long>(about.f_type) : 0;
}

/// Memory is all they have: O_DIRECT is taken there, and means nothing.
bool is_memory(int fd) noexcept {
  const long magic = magic_of(fd);
  return magic == TMPFS_MAGIC || magic == RAMFS_MAGIC;
}

}  // namespace

std::expected<subject, std::string> subject::open(const std::string& path, access wanted) {
  subject made(path);
  const std::string name = shell_quoted(path);
  // Before it is opened: to open a tape or a FIFO does something.
  if (::stat(path.c_str(), &made.about_) != 0) return std::unexpected(because("read", path, errno));
  const auto is_fit = [](const struct stat& about) {
    return S_ISREG(about.st_mode) || S_ISBLK(about.st_mode);
  };
  if (!is_fit(made.about_))
    return std::unexpected(fmt::format("{} is {}; name a regular file or a block device", name,
                                       S_ISDIR(made.about_.st_mode) ? "a directory" : "no file"));
  if (wanted != access::cached) {
    made.fd_ = open_untouched(path, O_DIRECT);
    const int why = errno;
    if (made.fd_ < 0 && why != EINVAL) return std::unexpected(because("read", path, why));
    const char* reason = made.fd_ < 0          ? "the file system does not take O_DIRECT"
                         : is_memory(made.fd_) ? "the file system has no device behind it"
                         : direct_alignment_of(made.fd_).says_none()
                             ? "the file system has no direct I/O for this file"
                             : "";
    made.direct_ = *reason == '\0';
    if (!made.direct_ && wanted == access::direct)
      return std::unexpected(fmt::format("cannot read {} with O_DIRECT: {}", name, reason));
    if (!made.direct_) {
      if (made.fd_ >= 0) ::close(std::exchange(made.fd_, -1));
      made.remark_ = fmt::format("{}: measured through the page cache", reason);
    }
  }
  if (made.fd_ < 0) made.fd_ = open_untouched(path, 0);
  if (made.fd_ < 0 || ::fstat(made.fd_, &made.about_) != 0)
    return std::unexpected(because("read", path, errno));
  if (!is_fit(made.about_))
    return std::unexpected(fmt::format("{} became something else meanwhile", name));
  made.size_ = static_cast<std::uint64_t>(made.about_.st_size);
  if (made.is_device() && ::ioctl(made.fd_, BLKGETSIZE64, &made.size_) != 0)
    return std::unexpected(because("find the size of", path, errno));
  if (made.size_ == 0) return std::unexpected(fmt::format("{} is empty", name));
  return made;
}

subject::~subject() {
  if (fd_ >= 0) ::close(fd_);
}

std::uint64_t subject::hole_bytes() const noexcept {
  constexpr std::uint64_t stat_block_bytes = 512;
  const auto stored = static_cast<std::uint64_t>(about_.st_blocks) * stat_block_bytes;
  return is_device() || stored >= size_ ? 0 : size_ - stored;
}

std::string subject::file_system() const {
  if (is_device()) return "block device";
  const long magic = magic_of(fd_);
  const auto* found = std::ranges::find(known, magic, &known_file_system::magic);
  return found != known.end() ? found->name : fmt::format("a file system of type {:#x}", magic);
}

bool subject::changed() const noexcept {
  struct stat now{};
  if (::fstat(fd_, &now) != 0) return true;
  return !is_device() &&
         (now.st_size != about_.st_size || !is_same_time(now.st_mtim, about_.st_mtim));
}

}  // namespace carousel::tool::bench
