#pragma once

#include <utility>

#include "carousel/net/fd_passing.hpp"
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

/// A connection between two processes of this machine: an end of it that is read (stream_reading)
/// and written (stream_writing), ends in one direction or both (stream_ends), passes descriptors
/// (fd_passing), and is a handle as all sockets are (socket_handle).
class unix_stream : public socket_handle,
                    public stream_reading<unix_stream>,
                    public stream_writing<unix_stream>,
                    public stream_ends<unix_stream>,
                    public fd_passing<unix_stream> {
 public:
  /// Awaited: result<unix_stream>. Where the listener's backlog is full it waits for room. Errors:
  /// no_such_file_or_directory, connection_refused where nobody listens any more,
  /// permission_denied, too_many_files_open, address_family_not_supported for what is no Unix
  /// socket's name; errc::canceled.
  [[nodiscard]] static task<result<unix_stream>> connect(socket_address to);
  /// Two ends of one connection that has no name. Throws std::bad_alloc.
  [[nodiscard]] static result<std::pair<unix_stream, unix_stream>> pair();
  /// Takes ownership of a connected socket. Throws std::bad_alloc, with the descriptor closed.
  [[nodiscard]] static unix_stream from_fd(int fd);
  /// The same, for a descriptor that somebody else has made (an inherited one): checks what it is
  /// first. Errors: bad_file_descriptor, not_a_socket, wrong_protocol_type; the descriptor then
  /// stays the caller's.
  [[nodiscard]] static result<unix_stream> adopt(int fd);

 private:
  friend struct detail::accept_call<unix_stream>;
  friend class stream_ends<unix_stream>;
  explicit unix_stream(detail::fd_ref adopted) noexcept : socket_handle(std::move(adopted)) {}
};

}  // namespace carousel
