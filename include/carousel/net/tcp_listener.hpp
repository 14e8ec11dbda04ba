#pragma once

#include <cstddef>
#include <utility>

#include "carousel/detail/net/accept_call.hpp"
#include "carousel/net/accept_options.hpp"
#include "carousel/net/accept_stream.hpp"
#include "carousel/net/listen_options.hpp"
#include "carousel/net/socket_handle.hpp"
#include "carousel/net/tcp_stream.hpp"

namespace carousel {

/// A TCP socket that takes connections. A handle as all sockets are (socket_handle).
class tcp_listener : public socket_handle {
 public:
  /// Listens at an address, at port 0 at one that the kernel chooses (local_address()). Works
  /// outside of a runtime too. Errors: address_in_use, address_not_available, permission_denied,
  /// too_many_files_open, address_family_not_supported for a Unix socket's name. Throws
  /// std::bad_alloc.
  [[nodiscard]] static result<tcp_listener> bind(const socket_address& at,
                                                 listen_options options = {});
  /// Takes ownership of a socket that listens. Throws std::bad_alloc, with the descriptor closed.
  [[nodiscard]] static tcp_listener from_fd(int fd);
  /// The same, for a descriptor that somebody else has made (systemd passes them from 3 on): checks
  /// what it is first. Errors: bad_file_descriptor, not_a_socket, wrong_protocol_type; the
  /// descriptor then stays the caller's.
  [[nodiscard]] static result<tcp_listener> adopt(int fd);

  /// Awaited: result<tcp_stream>, the connection that has waited longest. Its coroutine may be
  /// destroyed at any time: a connection that comes late is closed. When a verb stops it, the
  /// connection is the result or waits for the next accept. `options` are for this connection.
  ///
  /// Errors: too_many_files_open (EMFILE, the limit of the moment when accept() was awaited, or
  /// ENFILE): the connection is not lost, but stays in the backlog; accept again once a descriptor
  /// was closed, for it would fail at once. connection_aborted and network errors: that connection
  /// is gone, the next one may be well. errc::canceled: by a verb, or by close(). invalid_argument:
  /// it does not listen any more.
  [[nodiscard]] accept_operation<tcp_stream> accept(accept_options options = {}) const noexcept {
    return detail::operation(detail::accept_call<tcp_stream>{{hold(), options.ring_only}});
  }
  /// All connections, one after the other, of which at most about `queue_max` are kept until
  /// somebody takes them. It takes them from whoever waits in accept(). `options` are for each of
  /// them. Throws std::bad_alloc.
  [[nodiscard]] accept_stream<tcp_stream> incoming(std::size_t queue_max = 64,
                                                   accept_options options = {}) const {
    return {hold(), queue_max, options};
  }

 private:
  explicit tcp_listener(detail::fd_ref adopted) noexcept : socket_handle(std::move(adopted)) {}
};

}  // namespace carousel
