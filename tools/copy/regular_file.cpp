#include "copy/regular_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <system_error>

#include "common/last_error.hpp"

namespace carousel::tool {

result<file> open_regular(int directory, const std::string& name, int nofollow) noexcept {
  const int fd = ::openat(directory, name.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | nofollow);
  if (fd < 0) return std::unexpected(last_error());
  file opened = file::from_fd(fd);
  struct stat about{};
  if (::fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
    return std::unexpected(std::make_error_code(std::errc::invalid_argument));
  // Only opening must not wait.
  (void)::fcntl(fd, F_SETFL, 0);
  return opened;
}

}  // namespace carousel::tool
