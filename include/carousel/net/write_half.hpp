#pragma once

#include <utility>

#include "carousel/net/socket_handle.hpp"
#include "carousel/net/stream_shutdown.hpp"
#include "carousel/net/stream_writing.hpp"

namespace carousel {

/// The half of a stream that is written (tcp_stream::split): for a task that only writes. Its
/// destruction tells the peer nothing, shutdown() does. The connection ends with the last handle of
/// either half.
class write_half : public socket_handle, public stream_writing<write_half> {
 public:
  /// Awaited: result<>. The peer gets what was written, and then the end.
  [[nodiscard]] shutdown_operation shutdown() const noexcept {
    return detail::shut_down(socket(), shut::write);
  }

 private:
  template <class Stream>
  friend class stream_ends;
  explicit write_half(detail::fd_ref adopted) noexcept : socket_handle(std::move(adopted)) {}
};

}  // namespace carousel
