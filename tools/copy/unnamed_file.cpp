#include "copy/unnamed_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "copy/path_only.hpp"

namespace carousel::tool {
namespace {

/// A file without a name gets one through its descriptor. Without privileges Linux before 6.10 asks
/// for /proc.
bool can_link_unnamed() noexcept {
  static const bool can = ::geteuid() == 0 || ::access("/proc/self/fd", X_OK) == 0;
  return can;
}

/// What file systems say that have no such thing.
bool has_no_unnamed(int error) noexcept {
  return error == EOPNOTSUPP || error == EISDIR || error == ENOENT || error == EINVAL ||
         error == ENOSYS;
}

}  // namespace

int open_unnamed(int directory, unsigned mode) noexcept {
  if (!can_link_unnamed()) {
    errno = EOPNOTSUPP;
    return -1;
  }
  const int fd = ::openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
  if (fd < 0 && has_no_unnamed(errno)) errno = EOPNOTSUPP;
  return fd;
}

int link_unnamed(int fd, int directory, const char* name) noexcept {
  if (::linkat(fd, "", directory, name, AT_EMPTY_PATH) == 0) return 0;
  if (errno != ENOENT) return -1;
  return ::linkat(AT_FDCWD, path_in_proc(fd).data(), directory, name, AT_SYMLINK_FOLLOW);
}

}  // namespace carousel::tool
