#pragma once

#include "carousel/net/socket_address.hpp"

namespace carousel {

/// How a connection is made: tcp_stream::connect(address, {.no_delay = true}).
struct connect_options {
  /// The address to connect from, port 0 for any. Default: what the kernel chooses.
  socket_address from = {};
  /// Small writes go out at once (socket_option::no_delay).
  bool no_delay = false;
};

}  // namespace carousel
