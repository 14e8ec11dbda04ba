#pragma once

#include <utility>

#include "carousel/net/datagram_verbs.hpp"
#include "carousel/net/fd_passing.hpp"
#include "carousel/net/socket_handle.hpp"

namespace carousel {

/// A Unix socket of datagrams (datagram_verbs), none of which is lost on its way: a send waits
/// where the receiver has enough of them. It passes descriptors (fd_passing), and is a handle as
/// all sockets are (socket_handle).
class unix_datagram : public socket_handle,
                      public datagram_verbs<unix_datagram>,
                      public fd_passing<unix_datagram> {
 public:
  /// A socket with a name; without one, with an abstract one that the kernel chooses
  /// (local_address()). A path becomes a file with the permissions that the umask leaves, and stays
  /// when the socket is closed. Works outside of a runtime too. Errors: address_in_use,
  /// permission_denied, no_such_file_or_directory, too_many_files_open,
  /// address_family_not_supported for what is no Unix socket's name. Throws std::bad_alloc.
  [[nodiscard]] static result<unix_datagram> bind(const socket_address& at);
  /// Two sockets without names that are connected to each other. Throws std::bad_alloc.
  [[nodiscard]] static result<std::pair<unix_datagram, unix_datagram>> pair();
  /// Takes ownership of a Unix datagram socket. Throws std::bad_alloc, with the descriptor closed.
  [[nodiscard]] static unix_datagram from_fd(int fd);
  /// The same, for a descriptor that somebody else has made: checks what it is first. Errors:
  /// bad_file_descriptor, not_a_socket, wrong_protocol_type; the descriptor then stays the
  /// caller's.
  [[nodiscard]] static result<unix_datagram> adopt(int fd);

 private:
  explicit unix_datagram(detail::fd_ref adopted) noexcept : socket_handle(std::move(adopted)) {}
};

}  // namespace carousel
