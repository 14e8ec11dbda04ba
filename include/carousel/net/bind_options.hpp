#pragma once

#include "carousel/config.hpp"

namespace carousel {

/// How a datagram socket is bound: udp_socket::bind(address, {.reuse_port = true}).
struct bind_options {
  /// Others of the same user may bind the same address: the kernel deals datagrams out.
  bool reuse_port = false;
  /// An IPv6 socket takes no IPv4 datagrams. Set one way or the other, whatever
  /// net.ipv6.bindv6only says.
  bool v6only = false;
  /// It may send to broadcast addresses.
  bool broadcast = false;
};

}  // namespace carousel
