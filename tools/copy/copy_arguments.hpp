#pragma once

#include <expected>
#include <string>
#include <vector>

#include "copy/copy_options.hpp"

namespace carousel::tool {

/// The options and operands of `carousel cp`, which is argv[0]. Otherwise the exit status: help, or
/// what is wrong, was printed. `sources` are those that another process has taken from the same
/// command line: where they are told, no list is read for them.
[[nodiscard]] std::expected<copy_options, int> take_copy_options(
    int argc, char** argv, const std::vector<std::string>* sources = nullptr);

}  // namespace carousel::tool
