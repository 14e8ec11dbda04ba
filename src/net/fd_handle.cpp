#include "carousel/net/fd_handle.hpp"

#include <fcntl.h>

namespace carousel {

int fd_handle::release() && noexcept {
  const detail::fd_ref mine = std::exchange(held_, {});
  if (!mine || mine->fd < 0) return -1;
  // One that a file table names is known to operations by its entry there.
  if (mine->refs > 1 || mine->table != nullptr) return ::fcntl(mine->fd, F_DUPFD_CLOEXEC, 0);
  return std::exchange(mine->fd, -1);
}

}  // namespace carousel
