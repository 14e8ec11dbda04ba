#pragma once

#include <string>
#include <vector>

#include "carousel/net/socket_address.hpp"
#include "carousel/task.hpp"

namespace carousel {

/// The addresses of a host's name, or a number, with the port of a service's name, or a number:
/// resolve("localhost", "80"), in the order in which they should be tried. An empty host is what a
/// listener binds to: all interfaces. An empty service is port 0.
///
/// Asks getaddrinfo(3), which blocks for as long as it likes, on a thread of its own; as many names
/// at once are as many threads. Whoever stops waiting goes on at once, and the thread ends behind
/// its back. Errors: those of getaddrinfo, with its words ("Name or service not known"), of which
/// a passing one compares equal to std::errc::resource_unavailable_try_again;
/// resource_unavailable_try_again where there is no thread to be had; errc::canceled. Throws
/// std::bad_alloc.
[[nodiscard]] task<result<std::vector<socket_address>>> resolve(std::string host,
                                                                std::string service);

}  // namespace carousel
