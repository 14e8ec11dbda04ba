#include "carousel/net/poll_stream.hpp"

#include <fcntl.h>

#include <cerrno>

namespace carousel {

result<poll_stream> poll_stream::on_foreign(int fd, poll_events wanted) {
  const int own = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (own < 0) return std::unexpected(detail::kernel_error(-errno));
  return poll_stream(fd_handle::from_fd(own), wanted);
}

}  // namespace carousel
