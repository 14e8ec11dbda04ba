#pragma once

#include <utility>

#include "carousel/detail/driver/descriptor.hpp"
#include "carousel/net/bind_options.hpp"
#include "carousel/net/listen_options.hpp"
#include "carousel/net/socket_address.hpp"

namespace carousel::detail {

/// A new socket, closed on exec. Throws std::bad_alloc.
[[nodiscard]] result<fd_ref> open_socket(int family, int type);
/// One that listens. Its errors are noted with the address. Throws std::bad_alloc.
[[nodiscard]] result<fd_ref> open_listener(const socket_address& at, const listen_options& options);
/// One that connects from this address, if it is one. Throws std::bad_alloc.
[[nodiscard]] result<fd_ref> open_client(const socket_address& to, const socket_address& from);

/// One of datagrams at this address. Its errors are noted with it. Throws std::bad_alloc.
[[nodiscard]] result<fd_ref> open_datagram(const socket_address& at, const bind_options& options);
/// Two Unix sockets that are connected to each other. Throws std::bad_alloc.
[[nodiscard]] result<std::pair<fd_ref, fd_ref>> open_pair(int type);

/// Whether a descriptor of the program is what it is taken for.
struct socket_kind {
  int type;      ///< SOCK_STREAM
  bool is_unix;  ///< AF_UNIX, else an internet family
  bool listens;
};
/// Errors: bad_file_descriptor, not_a_socket, wrong_protocol_type.
[[nodiscard]] result<> check_kind(int fd, const socket_kind& expected) noexcept;
/// The descriptor as a Socket, if it is what that stands for; else it stays the caller's.
template <class Socket>
[[nodiscard]] result<Socket> adopt_as(int fd, const socket_kind& expected) {
  const result<> fits = check_kind(fd, expected);
  if (!fits) return std::unexpected(fits.error());
  return Socket::from_fd(fd);
}

}  // namespace carousel::detail
