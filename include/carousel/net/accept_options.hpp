#pragma once

#include "carousel/config.hpp"

namespace carousel {

/// How a connection is taken: listener.accept({.ring_only = true}).
struct accept_options {
  /// The connection exists in the ring of this runtime only, and not as a descriptor (Linux 5.15):
  /// it counts towards no limit on descriptors, and its operations find it by its entry from the
  /// first one on. Everything that is awaited works as with any other. Its fd() is -1: set() and
  /// the addresses are not_supported, and it cannot be passed to another process; but what was set
  /// for the listener (no_delay, keep_alive, the sizes of buffers) is set for its connections too.
  /// No other runtime can use it (wrong_runtime), and it is closed with its runtime at the latest.
  ///
  /// A wish: when the ring has no entry for it (there are 1,024, for files too) it has a descriptor
  /// all the same, and none is lost. It pays for many short connections; each takes a request of
  /// its own, where a stream of others takes one for all of them.
  bool ring_only = false;
};

}  // namespace carousel
