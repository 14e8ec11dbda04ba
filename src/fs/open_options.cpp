#include "carousel/fs/open_options.hpp"

#include <fcntl.h>
#include <linux/openat2.h>

namespace carousel {

result<int> open_options::flags() const noexcept {
  const bool writes = write_ || append_;
  if ((truncate_ && !write_) || ((create_ || create_new_) && !writes)) {
    return std::unexpected(std::make_error_code(std::errc::invalid_argument));
  }
  int flags = O_CLOEXEC | custom_;
  flags |= writes ? (read_ ? O_RDWR : O_WRONLY) : O_RDONLY;
  if (append_) flags |= O_APPEND;
  if (truncate_) flags |= O_TRUNC;
  if (create_) flags |= O_CREAT;
  if (create_new_) flags |= O_CREAT | O_EXCL;
  if (direct_) flags |= O_DIRECT;
  if (directory_) flags |= O_DIRECTORY;
  return flags;
}

std::uint64_t open_options::resolve_flags() const noexcept {
  return (beneath_ ? std::uint64_t{RESOLVE_BENEATH} : 0U) |
         (no_symlinks_ ? std::uint64_t{RESOLVE_NO_SYMLINKS} : 0U);
}

}  // namespace carousel
