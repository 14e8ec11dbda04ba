#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "carousel/detail/net/fd_transfer.hpp"

namespace carousel {

/// What recv_fds() has brought beside the bytes in the buffer.
struct received_fds {
  std::size_t bytes = 0;  ///< 0 from a stream: its end
  std::vector<fd_handle> fds;
};

/// How Unix sockets pass descriptors between processes. They travel with bytes, at least one; a
/// receiver that does not ask for them here, but reads, loses them. Received ones become what they
/// are by their numbers: file::from_fd(std::move(one).release()).
template <class Socket>
class fd_passing {
 public:
  /// What send_fds() and recv_fds() return; awaited once.
  template <io_buf B>
  using send_fds_operation = detail::operation<detail::send_fds_call<B, Socket>>;
  template <io_buf_mut B>
  using recv_fds_operation = detail::operation<detail::recv_fds_call<B, received_fds, Socket>>;

  /// Awaited: buf_result<std::size_t, B>. Sends bytes of the buffer with at most 253 descriptors.
  /// They stay open until it has ended, and the caller's where it has kept handles. A stream may
  /// take fewer bytes than there are; the descriptors have gone with them all the same. Errors:
  /// invalid_argument for no bytes or too many descriptors, bad_file_descriptor for what is not
  /// open, and those of other writes.
  template <io_buf B>
  send_fds_operation<B> send_fds(B buf, std::vector<fd_handle> fds) const {
    return send_fds_operation<B>({{held()}, {std::move(buf), std::move(fds)}});
  }
  /// Awaited: buf_result<received_fds, B>. Receives bytes, and descriptors, up to `room` of them.
  /// They are closed on exec. Error: message_size where more have come than there is room for, or
  /// than this process may have open: then all of them are closed, and the bytes are in the buffer.
  /// Whoever stops waiting leaves none behind. Throws std::bad_alloc.
  template <io_buf_mut B>
  recv_fds_operation<B> recv_fds(B buf, std::size_t room) const {
    return recv_fds_operation<B>({{held()}, {std::move(buf), nullptr}, room});
  }

 private:
  friend Socket;
  fd_passing() = default;

  [[nodiscard]] detail::file_operation held() const noexcept {
    return static_cast<const Socket&>(*this).hold();
  }
};

}  // namespace carousel
