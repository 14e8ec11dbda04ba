#pragma once

#include <expected>

#include "copy/copy_options.hpp"

namespace carousel::tool {

/// The options and operands of `carousel cp`, which is argv[0]. Otherwise the exit status: help, or
/// what is wrong, was printed.
[[nodiscard]] std::expected<copy_options, int> take_copy_options(int argc, char** argv);

}  // namespace carousel::tool
