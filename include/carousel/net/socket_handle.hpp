#pragma once

#include <initializer_list>
#include <utility>

#include "carousel/detail/driver/operation.hpp"
#include "carousel/io/close_operation.hpp"
#include "carousel/net/socket_address.hpp"
#include "carousel/net/socket_option.hpp"

namespace carousel {

/// What all sockets have in common. A value is a handle, as that of a `file` is: copies are the
/// same socket, and the last one closes it, inside a runtime or outside; an operation in flight
/// holds it open too. Not thread-safe.
class socket_handle {
 public:
  /// The descriptor, still owned by the socket: for calls that the library does not have. -1 once
  /// closed, and for a connection that is ring_only (accept_options), of which the addresses and
  /// set() are the error not_supported.
  [[nodiscard]] int fd() const noexcept { return socket_ ? socket_->fd : -1; }
  /// For operations of one's own (carousel/ext/operation.hpp): keeps the socket open, checks it,
  /// and names it in the request.
  [[nodiscard]] detail::file_operation hold() const noexcept { return {socket_}; }

  /// Where it is: after a bind to port 0, with the port that the kernel has chosen.
  [[nodiscard]] result<socket_address> local_address() const noexcept;
  /// Who is at the other end. Error: not_connected, also when the connection is gone.
  [[nodiscard]] result<socket_address> peer_address() const noexcept;
  /// Sets options in their order, at once, up to the first that the kernel refuses, whose error is
  /// returned: no_protocol_option, invalid_argument.
  template <std::same_as<socket_option>... Options>
  [[nodiscard]] result<> set(const Options&... options) const noexcept {
    return set_all({options...});
  }

  /// Closes the socket for all its handles: no operation starts any more, those in flight are
  /// stopped and waited for, and then it is closed. Each of them ends with errc::canceled, or with
  /// what it has done already; one that stands in line for its start at the limit of the runtime
  /// (runtime_options::operations_max) with bad_file_descriptor. The last handle, and the end of
  /// the runtime, close it likewise, without stopping anything.
  ///
  /// Closing a connection ends it both ways. When bytes are left that nobody has read, the peer
  /// gets a reset and may lose what was written last: after shutdown(shut::write), read to the end
  /// first.
  close_operation close() &&;
  CAROUSEL_REFUSED("close() takes the handle: co_await std::move(x).close()")
  close_operation close() const&;

 protected:
  explicit socket_handle(detail::fd_ref adopted) noexcept : socket_(std::move(adopted)) {}
  [[nodiscard]] const detail::fd_ref& socket() const noexcept { return socket_; }
  [[nodiscard]] detail::fd_ref release() noexcept { return std::exchange(socket_, {}); }

 private:
  [[nodiscard]] result<> set_all(std::initializer_list<socket_option> options) const noexcept;

  detail::fd_ref socket_;
};

}  // namespace carousel
