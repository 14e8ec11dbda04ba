#pragma once

#include <cstdint>
#include <system_error>

#include "carousel/detail/base/request.hpp"

namespace carousel::detail {

struct descriptor;

/// What a path is relative to.
enum class path_base : std::uint8_t { current_directory, open_directory };

/// What the last operation of this thread that failed was about, for or_throw(): an error code has
/// no room for it. A note is believed for the same error, in the same task, and until the kernel is
/// entered again.
///
/// All of them return the error. Of names, the second of which may be empty:
[[nodiscard]] std::error_code note_failure(std::error_code error, opcode what, const char* path,
                                           const char* second, path_base relative_to) noexcept;
/// Of an open file, or null where it is closed.
[[nodiscard]] std::error_code note_failure(std::error_code error, opcode what,
                                           const descriptor* file) noexcept;

/// Of a socket: what could not be done ("connect to"), and with which address.
[[nodiscard]] std::error_code note_failure(std::error_code error, const char* act,
                                           const char* address) noexcept;

/// Throws std::system_error.
[[noreturn]] void throw_failure(std::error_code error);

}  // namespace carousel::detail
