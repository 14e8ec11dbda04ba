#pragma once

#include <cerrno>
#include <system_error>

namespace carousel::tool {

/// Why the last system call failed.
inline std::error_code last_error() noexcept { return {errno, std::generic_category()}; }

}  // namespace carousel::tool
