#include "doctor/direct_io.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>

#include "common/last_error.hpp"
#include "common/mount_entry.hpp"
#include "common/naming.hpp"
#include "common/owned_descriptor.hpp"
#include "doctor/kernel_version.hpp"

namespace carousel::tool {
namespace {

constexpr const char* direct_name = "O_DIRECT";
constexpr const char* elsewhere =
    "nothing, unless data must stay out of the page cache: then ask `carousel doctor` about a path "
    "on another file system";

finding warn(std::string fact, std::string fix) {
  return {health::warn, direct_name, std::move(fact), std::move(fix)};
}
finding good(std::string fact) { return {health::ok, direct_name, std::move(fact), {}}; }

bool is_memory(std::string_view type) {
  return type == "tmpfs" || type == "ramfs" || type == "devtmpfs" || type == "hugetlbfs";
}

/// A file without a name, or one that loses it at once; -1 and errno.
int open_nameless_direct(const std::string& directory) {
  constexpr int flags = O_RDWR | O_DIRECT | O_CLOEXEC;
  int fd = ::open(directory.c_str(), O_TMPFILE | flags, 0600);
  if (fd >= 0 || errno == EACCES || errno == EROFS) return fd;
  std::string name = directory + "/.carousel-doctor-XXXXXX";
  fd = ::mkostemp(name.data(), O_DIRECT | O_CLOEXEC);
  // mkostemp leaves no name behind when it fails, except where the file was made before O_DIRECT
  // was refused.
  const int why = errno;
  if (fd >= 0 || why == EINVAL) ::unlink(name.c_str());
  errno = why;
  return fd;
}

/// Where the data of an overlay's new files lies, as far as it can be seen from here.
std::optional<mount_entry> upper_layer(const mount_entry& overlay) {
  const auto path = mount_option(overlay.options, "upperdir");
  if (!path) return std::nullopt;
  const owned_descriptor upper(::open(path->c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (upper.fd() < 0) return std::nullopt;
  return mount_of(upper.fd());
}

bool has_checksums(int fd, const std::string& options) {
  int flags = 0;
  const bool known = ::ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0;
  const bool without = known && (static_cast<unsigned>(flags) & FS_NOCOW_FL) != 0;
  return !without && !mount_option(options, "nodatasum") && !mount_option(options, "nodatacow");
}

bool wants_stable_pages(dev_t device) {
  const std::filesystem::path at =
      fmt::format("/sys/dev/block/{}:{}", major(device), minor(device));
  for (const char* file : {"queue/stable_writes", "../queue/stable_writes"}) {
    int wants = 0;
    if (std::ifstream(at / file) >> wants) return wants != 0;
  }
  return false;
}

/// Of a file that was opened, or of its directory where it could not be.
void look(direct_facts& found, int fd) {
  struct stat about{};
  if (::fstat(fd, &about) != 0) return;
  found.block_bytes = static_cast<std::uint64_t>(about.st_blksize);
  found.told = direct_alignment_of(fd);
  found.stable_pages = wants_stable_pages(S_ISBLK(about.st_mode) ? about.st_rdev : about.st_dev);
  if (S_ISBLK(about.st_mode)) {
    found.type = "disk";
    return;
  }
  auto mounted = mount_of(fd);
  if (!mounted) return;
  found.layered = mounted->type == "overlay";
  // An old file may lie in any layer.
  if (found.layered) mounted = about.st_nlink == 0 ? upper_layer(*mounted) : std::nullopt;
  if (!mounted) return;
  found.type = mounted->type;
  found.checksums = found.type == "btrfs" && has_checksums(fd, mounted->options);
}

finding judge_btrfs(const direct_facts& found, const std::string& where) {
  // What checksums are made of must not change on the way to the device, and memory of programs
  // may.
  constexpr std::pair buffered_from(6, 15);
  constexpr std::pair copied_from(7, 3);
  if (!found.checksums || found.kernel < buffered_from)
    return good(
        fmt::format("{} takes it; what it wants is not told, and multiples of its blocks, {} "
                    "bytes, are safe",
                    where, found.block_bytes));
  if (found.kernel >= copied_from)
    return good(where +
                " takes it; for the sake of its checksums each direct write is copied once");
  return warn(
      where +
          " has checksums, and this kernel writes such files through the page cache, O_DIRECT or "
          "not; it reads them directly where they are not compressed",
      "nothing, unless data must stay out of the page cache: new files in a directory with `chattr "
      "+C` are written directly, and have neither checksums nor compression");
}

}  // namespace

finding judge_direct(const direct_facts& found) {
  std::string type = found.type.empty() ? "unknown" : found.type;
  if (found.layered) type = found.type.empty() ? "overlayfs" : found.type + " beneath overlayfs";
  const std::string where = fmt::format("{} ({})", shell_quoted(found.path), type);
  if (found.refused == EINVAL) return warn(where + " refuses it", elsewhere);
  if (is_memory(found.type))
    return warn(where + " is memory: O_DIRECT is taken there, and changes nothing", elsewhere);
  if (found.told.says_none())
    return warn(
        where + " has none: O_DIRECT is taken there, and transfers go through the page cache",
        elsewhere);
  if (found.type == "btrfs") return judge_btrfs(found, where);
  if (found.told.told) {
    constexpr std::pair bounces_from(7, 0);
    const bool bounces = found.type == "xfs" && found.stable_pages && found.kernel >= bounces_from;
    return good(fmt::format("{} has it; alignment: memory {}, offsets and lengths {}{}", where,
                            found.told.memory, found.told.offset,
                            bounces ? "; the device wants stable pages, so that each transfer is "
                                      "copied once"
                                    : ""));
  }
  if (found.type.starts_with("nfs"))
    return good(where +
                " takes it, around the page cache of this machine; what the server does is not "
                "known here");
  if (found.type == "disk") return good(where + " has it; multiples of 4096 are safe");
  constexpr std::pair tells_from(6, 1);
  if (found.kernel < tells_from)
    return warn(where +
                    " takes it, and this kernel does not tell whether that goes around the page "
                    "cache",
                "install Linux 6.1 or later, which tells; copies go through the page cache until "
                "then");
  if (found.type.starts_with("fuse"))
    return warn(where + " takes it; what it does is the matter of a program, which does not tell",
                elsewhere);
  return warn(where +
                  " takes it, which proves nothing: it does not tell whether transfers go around "
                  "the page cache",
              elsewhere);
}

finding check_direct(const std::string& path) {
  struct stat about{};
  if (::stat(path.c_str(), &about) != 0)
    return {health::fail, direct_name, fmt::format("'{}': {}", path, error_text(errno)),
            "name an existing file or directory"};
  const bool directory = S_ISDIR(about.st_mode);
  if (!directory && !S_ISREG(about.st_mode) && !S_ISBLK(about.st_mode))
    return warn(fmt::format("'{}' is not a file that could be tried", path),
                "name a regular file or a directory");
  constexpr int reading = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
  int fd = directory ? open_nameless_direct(path) : ::open(path.c_str(), reading | O_DIRECT);
  direct_facts found;
  found.path = path;
  found.refused = fd < 0 ? errno : 0;
  if (fd < 0 && found.refused != EINVAL)
    return warn(fmt::format("not tried in '{}': {}", path, error_text(found.refused)),
                directory ? "name a directory that you may write to, or a file that you may read"
                          : "name a file that you may read");
  if (fd < 0) fd = ::open(path.c_str(), reading);
  utsname kernel{};
  if (::uname(&kernel) == 0)
    found.kernel =
        kernel_version(static_cast<const char*>(kernel.release)).value_or(std::pair(0, 0));
  const owned_descriptor opened(fd);
  if (fd >= 0) look(found, fd);
  return judge_direct(found);
}

}  // namespace carousel::tool
