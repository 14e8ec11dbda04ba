#include "carousel/net/unix_stream.hpp"

#include <sys/socket.h>

#include "carousel/detail/net/connect_call.hpp"
#include "net/open_socket.hpp"

namespace carousel {

task<result<unix_stream>> unix_stream::connect(socket_address to) {
  if (to.family() != AF_UNIX)
    co_return std::unexpected(std::make_error_code(std::errc::address_family_not_supported));
  result<detail::fd_ref> made = detail::open_client(to, {});
  if (!made) co_return std::unexpected(made.error());
  const result<> done = co_await detail::connect_socket(*made, to);
  if (!done) co_return std::unexpected(done.error());
  co_return unix_stream(std::move(*made));
}

result<std::pair<unix_stream, unix_stream>> unix_stream::pair() {
  auto made = detail::open_pair(SOCK_STREAM);
  if (!made) return std::unexpected(made.error());
  return std::pair(unix_stream(std::move(made->first)), unix_stream(std::move(made->second)));
}

unix_stream unix_stream::from_fd(int fd) { return unix_stream(detail::fd_ref::own(fd)); }

result<unix_stream> unix_stream::adopt(int fd) {
  return detail::adopt_as<unix_stream>(fd,
                                       {.type = SOCK_STREAM, .is_unix = true, .listens = false});
}

}  // namespace carousel
