#include "carousel/net/unix_datagram.hpp"

#include <sys/socket.h>

#include "net/open_socket.hpp"

namespace carousel {

result<unix_datagram> unix_datagram::bind(const socket_address& at) {
  if (at.family() != AF_UNIX)
    return std::unexpected(std::make_error_code(std::errc::address_family_not_supported));
  result<detail::fd_ref> made = detail::open_datagram(at, {});
  if (!made) return std::unexpected(made.error());
  return unix_datagram(std::move(*made));
}

result<std::pair<unix_datagram, unix_datagram>> unix_datagram::pair() {
  auto made = detail::open_pair(SOCK_DGRAM);
  if (!made) return std::unexpected(made.error());
  return std::pair(unix_datagram(std::move(made->first)), unix_datagram(std::move(made->second)));
}

unix_datagram unix_datagram::from_fd(int fd) { return unix_datagram(detail::fd_ref::own(fd)); }

result<unix_datagram> unix_datagram::adopt(int fd) {
  return detail::adopt_as<unix_datagram>(fd,
                                         {.type = SOCK_DGRAM, .is_unix = true, .listens = false});
}

}  // namespace carousel
