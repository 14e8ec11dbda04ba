#include "copy/path_only.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "common/last_error.hpp"

namespace carousel::tool {

result<directory> name_directory(const directory& where, const std::string& name, int nofollow) {
  const int flags = O_PATH | O_DIRECTORY | O_CLOEXEC | nofollow;
  const int fd = ::openat(where.fd(), name.c_str(), flags);
  if (fd < 0) return std::unexpected(last_error());
  return directory::from_fd(fd);
}

int change_owner(int fd, uid_t owner, gid_t group) noexcept {
  if (::fchown(fd, owner, group) == 0) return 0;
  return errno == EBADF ? ::fchownat(fd, "", owner, group, AT_EMPTY_PATH) : -1;
}

int change_mode(int fd, mode_t mode) noexcept {
  if (::fchmod(fd, mode) == 0) return 0;
  return errno == EBADF ? ::chmod(path_in_proc(fd).data(), mode) : -1;
}

int change_times(int fd, const std::array<timespec, 2>& times) noexcept {
  if (::futimens(fd, times.data()) == 0) return 0;
  return errno == EBADF ? ::utimensat(AT_FDCWD, path_in_proc(fd).data(), times.data(), 0) : -1;
}

std::array<char, 32> path_in_proc(int fd) noexcept {
  std::array<char, 32> path{};
  std::snprintf(path.data(), path.size(), "/proc/self/fd/%d", fd);
  return path;
}

}  // namespace carousel::tool
