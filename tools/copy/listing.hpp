#pragma once

#include <dirent.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

namespace carousel::tool {

struct close_listing {
  void operator()(DIR* stream) const noexcept { ::closedir(stream); }
};
/// What a directory lists, while it is read.
using listing = std::unique_ptr<DIR, close_listing>;

/// Takes the descriptor, which is closed with the listing. Null, and errno, if it is -1 or no
/// directory's.
[[nodiscard]] inline listing listing_of(int fd) noexcept {
  if (fd < 0) return nullptr;
  listing opened(::fdopendir(fd));
  if (!opened) {
    const int why = errno;
    ::close(fd);
    errno = why;
  }
  return opened;
}

}  // namespace carousel::tool
