#pragma once

#include <cstddef>
#include <utility>

#include "carousel/detail/net/accept_call.hpp"
#include "carousel/net/accept_options.hpp"
#include "carousel/net/accept_stream.hpp"
#include "carousel/net/listen_options.hpp"
#include "carousel/net/socket_handle.hpp"
#include "carousel/net/unix_stream.hpp"

namespace carousel {

/// A Unix socket that takes connections, at a path or an abstract name. A handle as all sockets are
/// (socket_handle).
class unix_listener : public socket_handle {
 public:
  /// Listens at a name; at none, at an abstract one that the kernel chooses (local_address()). Of
  /// the options only the backlog matters here. A path becomes a file with the permissions that the
  /// umask leaves, and stays when the socket is closed: file::remove() it, before the next bind at
  /// the latest. Works outside of a runtime too. Errors: address_in_use, permission_denied,
  /// no_such_file_or_directory, too_many_files_open, address_family_not_supported for what is no
  /// Unix socket's name. Throws std::bad_alloc.
  [[nodiscard]] static result<unix_listener> bind(const socket_address& at,
                                                  listen_options options = {});
  /// Takes ownership of a socket that listens. Throws std::bad_alloc, with the descriptor closed.
  [[nodiscard]] static unix_listener from_fd(int fd);
  /// The same, for a descriptor that somebody else has made (systemd passes them from 3 on): checks
  /// what it is first. Errors: bad_file_descriptor, not_a_socket, wrong_protocol_type; the
  /// descriptor then stays the caller's.
  [[nodiscard]] static result<unix_listener> adopt(int fd);

  /// Awaited: result<unix_stream>. As tcp_listener::accept().
  [[nodiscard]] accept_operation<unix_stream> accept(accept_options options = {}) const noexcept {
    return detail::operation(detail::accept_call<unix_stream>{{hold(), options.ring_only}});
  }
  /// All connections, one after the other, of which at most about `queue_max` are kept until
  /// somebody takes them. It takes them from whoever waits in accept(). `options` are for each of
  /// them. Throws std::bad_alloc.
  [[nodiscard]] accept_stream<unix_stream> incoming(std::size_t queue_max = 64,
                                                    accept_options options = {}) const {
    return {hold(), queue_max, options};
  }

 private:
  explicit unix_listener(detail::fd_ref adopted) noexcept : socket_handle(std::move(adopted)) {}
};

}  // namespace carousel
