#pragma once

#include <vector>

#include "common/command_line.hpp"

namespace carousel::tool {

/// Options of cp(1) and of other copiers that are refused, in a sentence that says what to do
/// instead.
[[nodiscard]] std::vector<option> unsupported_options();

}  // namespace carousel::tool
