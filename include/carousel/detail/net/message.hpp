#pragma once

#include <sys/socket.h>

#include <cstdint>

#include "carousel/detail/base/request.hpp"

namespace carousel::detail {

/// Makes it a request to send or to receive a message, whose header is in the slot's side block.
inline void request_message(request& r, opcode code, const msghdr& message,
                            std::uint32_t flags) noexcept {
  r.code = code;
  r.address = reinterpret_cast<std::uintptr_t>(&message);
  r.length = 1;
  r.op_flags = flags;
}

}  // namespace carousel::detail
