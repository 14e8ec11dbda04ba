#pragma once

#include <cerrno>
#include <string>
#include <system_error>

namespace carousel::tool {

/// Why the last system call failed.
inline std::error_code last_error() noexcept { return {errno, std::generic_category()}; }
/// An errno in the words of the system.
inline std::string error_text(int error) { return std::generic_category().message(error); }

}  // namespace carousel::tool
