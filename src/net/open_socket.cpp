#include "net/open_socket.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "carousel/detail/driver/failure_note.hpp"
#include "carousel/detail/net/address_text.hpp"

namespace carousel::detail {
namespace {

[[nodiscard]] bool set_flag(int fd, int level, int name, bool on) noexcept {
  const int value = on ? 1 : 0;
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

[[nodiscard]] int flag(int fd, int name) noexcept {
  int value = -1;
  socklen_t bytes = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, name, &value, &bytes) == 0 ? value : -1;
}

[[nodiscard]] bool apply(int fd, int family, const listen_options& options) noexcept {
  if (family == AF_UNIX) return true;
  return set_flag(fd, SOL_SOCKET, SO_REUSEADDR, options.reuse_address) &&
         set_flag(fd, SOL_SOCKET, SO_REUSEPORT, options.reuse_port) &&
         (family != AF_INET6 || set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, options.v6only));
}

[[nodiscard]] bool apply(int fd, int family, const bind_options& options) noexcept {
  if (family == AF_UNIX) return true;
  return set_flag(fd, SOL_SOCKET, SO_REUSEPORT, options.reuse_port) &&
         set_flag(fd, SOL_SOCKET, SO_BROADCAST, options.broadcast) &&
         (family != AF_INET6 || set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, options.v6only));
}

[[nodiscard]] std::unexpected<std::error_code> failed(const char* act,
                                                      const socket_address& with) noexcept {
  return std::unexpected(note_failure(kernel_error(-errno), act, address_text(with).c_str()));
}

}  // namespace

result<fd_ref> open_socket(int family, int type) {
  const int fd = ::socket(family, type | SOCK_CLOEXEC, 0);
  if (fd < 0) return std::unexpected(kernel_error(-errno));
  return fd_ref::own(fd);
}

result<fd_ref> open_listener(const socket_address& at, const listen_options& options) {
  result<fd_ref> made = open_socket(at.family(), SOCK_STREAM);
  if (!made) return failed("listen on", at);
  const int fd = (*made)->fd;
  if (!apply(fd, at.family(), options) || ::bind(fd, at.data(), at.size()) != 0 ||
      ::listen(fd, options.backlog) != 0)
    return failed("listen on", at);
  return made;
}

result<fd_ref> open_client(const socket_address& to, const socket_address& from) {
  result<fd_ref> made = open_socket(to.family(), SOCK_STREAM);
  if (!made) return failed("connect to", to);
  if (from.family() != AF_UNSPEC && ::bind((*made)->fd, from.data(), from.size()) != 0)
    return failed("connect from", from);
  return made;
}

result<fd_ref> open_datagram(const socket_address& at, const bind_options& options) {
  result<fd_ref> made = open_socket(at.family(), SOCK_DGRAM);
  if (!made) return failed("bind a socket to", at);
  const int fd = (*made)->fd;
  if (!apply(fd, at.family(), options) || ::bind(fd, at.data(), at.size()) != 0)
    return failed("bind a socket to", at);
  return made;
}

result<std::pair<fd_ref, fd_ref>> open_pair(int type) {
  // With memory for both before there is something to close.
  fd_ref first = fd_ref::own(-1);
  fd_ref second = fd_ref::own(-1);
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return std::unexpected(kernel_error(-errno));
  first->fd = ends[0];
  second->fd = ends[1];
  return std::pair(std::move(first), std::move(second));
}

result<> check_kind(int fd, const socket_kind& expected) noexcept {
  const int type = flag(fd, SO_TYPE);
  if (type < 0) return std::unexpected(kernel_error(-errno));
  const int family = flag(fd, SO_DOMAIN);
  const bool family_fits =
      expected.is_unix ? family == AF_UNIX : family == AF_INET || family == AF_INET6;
  if (type != expected.type || !family_fits || (flag(fd, SO_ACCEPTCONN) == 1) != expected.listens)
    return std::unexpected(std::make_error_code(std::errc::wrong_protocol_type));
  return {};
}

}  // namespace carousel::detail
