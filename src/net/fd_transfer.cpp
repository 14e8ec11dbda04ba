#include "carousel/detail/net/fd_transfer.hpp"

#include <unistd.h>

#include <cstring>

namespace carousel::detail {
namespace {

/// Calls f(fd) for each descriptor in the control data.
template <class F>
void for_each_fd(msghdr& header, F f) {
  for (cmsghdr* one = CMSG_FIRSTHDR(&header); one != nullptr; one = CMSG_NXTHDR(&header, one)) {
    if (one->cmsg_level != SOL_SOCKET || one->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (one->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(one) + i * sizeof fd, sizeof fd);
      f(fd);
    }
  }
}

}  // namespace

void fd_message::begin(void* data, std::size_t bytes, std::size_t fds) noexcept {
  header = {};
  piece = {.iov_base = data, .iov_len = bytes};
  header.msg_iov = &piece;
  header.msg_iovlen = 1;
  if (fds == 0) return;
  header.msg_control = this + 1;
  header.msg_controllen = CMSG_SPACE(fds * sizeof(int));
}

void fd_message::put(std::span<const fd_handle> fds) noexcept {
  if (fds.empty()) return;
  std::memset(header.msg_control, 0, header.msg_controllen);
  cmsghdr* const one = CMSG_FIRSTHDR(&header);
  one->cmsg_level = SOL_SOCKET;
  one->cmsg_type = SCM_RIGHTS;
  one->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
  unsigned char* next = CMSG_DATA(one);
  for (const fd_handle& each : fds) {
    const int fd = each.fd();
    std::memcpy(next, &fd, sizeof fd);
    next += sizeof fd;
  }
}

std::vector<fd_handle> fd_message::take() {
  std::size_t count = 0;
  for_each_fd(header, [&](int) { ++count; });
  std::vector<fd_handle> taken;
  std::size_t owned = 0;  // the handles close these
  try {
    taken.reserve(count);
    for_each_fd(header, [&](int fd) {
      ++owned;
      taken.push_back(fd_handle::from_fd(fd));
    });
  } catch (...) {
    for_each_fd(header, [&](int fd) {
      if (owned == 0) {
        ::close(fd);
      } else {
        --owned;
      }
    });
    throw;
  }
  return taken;
}

void fd_message::close_all() noexcept {
  for_each_fd(header, [](int fd) { ::close(fd); });
}

}  // namespace carousel::detail
