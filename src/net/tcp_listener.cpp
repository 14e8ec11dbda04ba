#include "carousel/net/tcp_listener.hpp"

#include <sys/socket.h>

#include "net/open_socket.hpp"

namespace carousel {

result<tcp_listener> tcp_listener::bind(const socket_address& at, listen_options options) {
  if (at.family() != AF_INET && at.family() != AF_INET6)
    return std::unexpected(std::make_error_code(std::errc::address_family_not_supported));
  result<detail::fd_ref> made = detail::open_listener(at, options);
  if (!made) return std::unexpected(made.error());
  return tcp_listener(std::move(*made));
}

tcp_listener tcp_listener::from_fd(int fd) { return tcp_listener(detail::fd_ref::own(fd)); }

result<tcp_listener> tcp_listener::adopt(int fd) {
  return detail::adopt_as<tcp_listener>(fd,
                                        {.type = SOCK_STREAM, .is_unix = false, .listens = true});
}

}  // namespace carousel
