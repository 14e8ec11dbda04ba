#pragma once

#include <cstddef>

#include "carousel/net/socket_address.hpp"

namespace carousel {

/// What recv_from() and recvmsg() say of a datagram whose bytes are in the buffer.
struct datagram {
  std::size_t bytes = 0;   ///< that are in the buffer; 0 is an empty datagram, and no end
  std::size_t length = 0;  ///< that were sent
  socket_address from;     ///< who has sent it; of a Unix socket without a name, that

  /// The buffer was too small, and the rest is lost.
  [[nodiscard]] bool truncated() const noexcept { return length > bytes; }
};

}  // namespace carousel
