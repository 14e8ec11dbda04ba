#pragma once

#include <poll.h>

#include <cstdint>

#include "carousel/config.hpp"

namespace carousel {

/// What a descriptor is ready for, as poll(2) has it. error, hung_up and what else the kernel tells
/// unasked may come with every event.
enum class poll_events : std::uint32_t {
  none = 0,
  readable = POLLIN,
  urgent = POLLPRI,
  writable = POLLOUT,
  error = POLLERR,
  hung_up = POLLHUP,
  peer_closed = 0x2000,  ///< POLLRDHUP: the peer has ended its writing
};

[[nodiscard]] constexpr poll_events operator|(poll_events a, poll_events b) noexcept {
  return static_cast<poll_events>(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b));
}
[[nodiscard]] constexpr poll_events operator&(poll_events a, poll_events b) noexcept {
  return static_cast<poll_events>(static_cast<std::uint32_t>(a) & static_cast<std::uint32_t>(b));
}
/// One of them at least is among `all`.
[[nodiscard]] constexpr bool has(poll_events all, poll_events some) noexcept {
  return (all & some) != poll_events::none;
}

}  // namespace carousel
