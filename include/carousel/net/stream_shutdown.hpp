#pragma once

#include <cstdint>
#include <utility>

#include "carousel/detail/io/file_call.hpp"

namespace carousel {

/// Which direction of a connection shutdown() ends (SHUT_RD, SHUT_WR, SHUT_RDWR).
enum class shut : std::uint8_t {
  read,   ///< reads give 0, those that wait as well
  write,  ///< the peer gets what was written, and then the end
  both
};

using shutdown_operation = detail::operation<detail::file_call>;

namespace detail {

[[nodiscard]] inline shutdown_operation shut_down(fd_ref socket, shut how) noexcept {
  return call_on(std::move(socket),
                 {.code = opcode::shutdown, .length = static_cast<std::uint32_t>(how)});
}

}  // namespace detail
}  // namespace carousel
