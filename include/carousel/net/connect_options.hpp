#pragma once

#include "carousel/net/socket_address.hpp"

namespace carousel {

/// How a connection is made: tcp_stream::connect(address, {.no_delay = true}).
struct connect_options {
  /// The address to connect from, port 0 for any. Default: what the kernel chooses.
  socket_address from = {};
  /// Small writes go out at once (socket_option::no_delay).
  bool no_delay = false;
  /// The connection exists in the ring of this runtime only, and not as a descriptor: as
  /// accept_options::ring_only. It has one while it is made, so that this is two short system calls
  /// more: for connections that last, where descriptors are scarce.
  bool ring_only = false;
};

}  // namespace carousel
