#pragma once

#include "carousel/config.hpp"

namespace carousel {

/// How a socket listens: tcp_listener::bind(address, {.reuse_port = true}).
struct listen_options {
  /// Connections that wait for an accept at most; the kernel clips it to net.core.somaxconn.
  int backlog = 4096;
  /// Binds although connections of an earlier socket of this address have not timed out yet.
  bool reuse_address = true;
  /// Others of the same user may listen at the same address: the kernel deals connections out.
  bool reuse_port = false;
  /// An IPv6 socket takes no IPv4 connections. Set one way or the other, whatever
  /// net.ipv6.bindv6only says.
  bool v6only = false;
};

}  // namespace carousel
