#pragma once

#include <utility>

#include "carousel/net/socket_handle.hpp"
#include "carousel/net/stream_reading.hpp"

namespace carousel {

/// The half of a stream that is read (tcp_stream::split): for a task that only reads. The
/// connection ends with the last handle of either half.
class read_half : public socket_handle, public stream_reading<read_half> {
 private:
  template <class Stream>
  friend class stream_ends;
  explicit read_half(detail::fd_ref adopted) noexcept : socket_handle(std::move(adopted)) {}
};

}  // namespace carousel
