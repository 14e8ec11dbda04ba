#pragma once

#include <utility>

#include "carousel/net/bind_options.hpp"
#include "carousel/net/datagram_verbs.hpp"
#include "carousel/net/socket_handle.hpp"

namespace carousel {

/// A UDP socket: sends and receives datagrams (datagram_verbs), and is a handle as all sockets are
/// (socket_handle).
class udp_socket : public socket_handle, public datagram_verbs<udp_socket> {
 public:
  /// A socket at an address, at port 0 at one that the kernel chooses (local_address()). Works
  /// outside of a runtime too. Errors: address_in_use, address_not_available, permission_denied,
  /// too_many_files_open, address_family_not_supported for a Unix socket's name. Throws
  /// std::bad_alloc.
  [[nodiscard]] static result<udp_socket> bind(const socket_address& at, bind_options options = {});
  /// Takes ownership of a UDP socket. Throws std::bad_alloc, with the descriptor closed.
  [[nodiscard]] static udp_socket from_fd(int fd);
  /// The same, for a descriptor that somebody else has made: checks what it is first. Errors:
  /// bad_file_descriptor, not_a_socket, wrong_protocol_type; the descriptor then stays the
  /// caller's.
  [[nodiscard]] static result<udp_socket> adopt(int fd);

 private:
  explicit udp_socket(detail::fd_ref adopted) noexcept : socket_handle(std::move(adopted)) {}
};

}  // namespace carousel
