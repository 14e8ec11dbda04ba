#pragma once

#include "common/command_line.hpp"
#include "copy/copy_options.hpp"

namespace carousel::tool {

/// A sentence where two options exclude each other, or one is of no use without another.
[[nodiscard]] taken conflict_of(const copy_options& options);

}  // namespace carousel::tool
