#pragma once

#include <utility>

#include "carousel/net/read_half.hpp"
#include "carousel/net/stream_shutdown.hpp"
#include "carousel/net/write_half.hpp"

namespace carousel {

/// How the two directions of a stream socket are ended and parted.
template <class Stream>
class stream_ends {
 public:
  /// Awaited: result<>. Ends one direction or both, for all handles. Error: not_connected.
  [[nodiscard]] shutdown_operation shutdown(shut how) const noexcept {
    return detail::shut_down(static_cast<const Stream&>(*this).socket(), how);
  }
  /// The two directions, for two tasks.
  [[nodiscard]] std::pair<read_half, write_half> split() && noexcept {
    detail::fd_ref mine = static_cast<Stream&>(*this).release();
    return {read_half(mine), write_half(std::move(mine))};
  }
  CAROUSEL_REFUSED("split() takes the stream apart: std::move(stream).split()")
  std::pair<read_half, write_half> split() const&;

 private:
  friend Stream;
  stream_ends() = default;
};

}  // namespace carousel
