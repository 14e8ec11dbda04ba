#include "carousel/net/udp_socket.hpp"

#include <sys/socket.h>

#include "net/open_socket.hpp"

namespace carousel {

result<udp_socket> udp_socket::bind(const socket_address& at, bind_options options) {
  if (at.family() != AF_INET && at.family() != AF_INET6)
    return std::unexpected(std::make_error_code(std::errc::address_family_not_supported));
  result<detail::fd_ref> made = detail::open_datagram(at, options);
  if (!made) return std::unexpected(made.error());
  return udp_socket(std::move(*made));
}

udp_socket udp_socket::from_fd(int fd) { return udp_socket(detail::fd_ref::own(fd)); }

result<udp_socket> udp_socket::adopt(int fd) {
  return detail::adopt_as<udp_socket>(fd, {.type = SOCK_DGRAM, .is_unix = false, .listens = false});
}

}  // namespace carousel
