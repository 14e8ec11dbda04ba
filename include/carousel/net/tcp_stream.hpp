#pragma once

#include <utility>

#include "carousel/net/connect_options.hpp"
#include "carousel/net/socket_handle.hpp"
#include "carousel/net/stream_ends.hpp"
#include "carousel/net/stream_reading.hpp"
#include "carousel/net/stream_writing.hpp"
#include "carousel/task.hpp"

namespace carousel {

namespace detail {
template <class Stream>
struct accept_call;
}  // namespace detail

/// A TCP connection: an end of it that is read (stream_reading) and written (stream_writing), ends
/// in one direction or both (stream_ends), and is a handle as all sockets are (socket_handle).
class tcp_stream : public socket_handle,
                   public stream_reading<tcp_stream>,
                   public stream_writing<tcp_stream>,
                   public stream_ends<tcp_stream> {
 public:
  /// Awaited: result<tcp_stream>. Without a deadline it takes as long as the kernel tries, about
  /// two minutes; when it is stopped or destroyed, the attempt ends with its socket. Errors:
  /// connection_refused, timed_out, network_unreachable, host_unreachable,
  /// address_not_available, too_many_files_open, address_family_not_supported for a Unix socket's
  /// name; errc::canceled.
  [[nodiscard]] static task<result<tcp_stream>> connect(socket_address to,
                                                        connect_options options = {});
  /// Takes ownership of a connected socket. Throws std::bad_alloc, with the descriptor closed.
  [[nodiscard]] static tcp_stream from_fd(int fd);
  /// The same, for a descriptor that somebody else has made (an inherited one): checks what it is
  /// first. Errors: bad_file_descriptor, not_a_socket, wrong_protocol_type; the descriptor then
  /// stays the caller's.
  [[nodiscard]] static result<tcp_stream> adopt(int fd);

 private:
  friend struct detail::accept_call<tcp_stream>;
  friend class stream_ends<tcp_stream>;
  explicit tcp_stream(detail::fd_ref adopted) noexcept : socket_handle(std::move(adopted)) {}
};

}  // namespace carousel
