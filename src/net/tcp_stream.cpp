#include "carousel/net/tcp_stream.hpp"

#include <sys/socket.h>

#include "carousel/detail/net/connect_call.hpp"
#include "net/open_socket.hpp"

namespace carousel {

task<result<tcp_stream>> tcp_stream::connect(socket_address to, connect_options options) {
  if (to.family() != AF_INET && to.family() != AF_INET6)
    co_return std::unexpected(std::make_error_code(std::errc::address_family_not_supported));
  result<detail::fd_ref> made = detail::open_client(to, options.from);
  if (!made) co_return std::unexpected(made.error());
  const result<> done = co_await detail::connect_socket(*made, to);
  if (!done) co_return std::unexpected(done.error());
  tcp_stream connected(std::move(*made));
  if (options.no_delay) {
    const result<> set = connected.set(socket_option::no_delay(true));
    if (!set) co_return std::unexpected(set.error());
  }
  if (options.ring_only) detail::this_context().io->files().take_in(*connected.socket().get());
  co_return connected;
}

tcp_stream tcp_stream::from_fd(int fd) { return tcp_stream(detail::fd_ref::own(fd)); }

result<tcp_stream> tcp_stream::adopt(int fd) {
  return detail::adopt_as<tcp_stream>(fd,
                                      {.type = SOCK_STREAM, .is_unix = false, .listens = false});
}

}  // namespace carousel
