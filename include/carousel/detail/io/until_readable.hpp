#pragma once

#include <poll.h>

#include <utility>

#include "carousel/detail/io/file_call.hpp"

namespace carousel::detail {

/// Waits until there is something to read, be it the end or an error, and takes nothing of it:
/// whoever stops waiting, or is destroyed, has lost nothing.
[[nodiscard]] inline operation<file_call> until_readable(file_operation of) noexcept {
  return call_on(std::move(of.file), {.code = opcode::poll_add, .op_flags = POLLIN});
}

}  // namespace carousel::detail
