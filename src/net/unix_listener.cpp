#include "carousel/net/unix_listener.hpp"

#include <sys/socket.h>

#include "net/open_socket.hpp"

namespace carousel {

result<unix_listener> unix_listener::bind(const socket_address& at, listen_options options) {
  if (at.family() != AF_UNIX)
    return std::unexpected(std::make_error_code(std::errc::address_family_not_supported));
  result<detail::fd_ref> made = detail::open_listener(at, options);
  if (!made) return std::unexpected(made.error());
  return unix_listener(std::move(*made));
}

unix_listener unix_listener::from_fd(int fd) { return unix_listener(detail::fd_ref::own(fd)); }

result<unix_listener> unix_listener::adopt(int fd) {
  return detail::adopt_as<unix_listener>(fd,
                                         {.type = SOCK_STREAM, .is_unix = true, .listens = true});
}

}  // namespace carousel
