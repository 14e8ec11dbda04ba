#pragma once

#include <string>

#include "carousel/runtime.hpp"

namespace carousel::tool {

/// A smaller ring where there is no memory for the usual one: since Linux 6.14 it counts against
/// RLIMIT_MEMLOCK, and its pages must lie together.
[[nodiscard]] result<runtime> make_runtime(unsigned entries = runtime_options().entries);

/// Why there is no ring, and what to do about it.
[[nodiscard]] std::string ring_refusal(const std::error_code& why);

}  // namespace carousel::tool
