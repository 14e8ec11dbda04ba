#pragma once

#include <expected>
#include <string>
#include <vector>

namespace carousel::tool {

/// The operands that a file names, "-" for stdin: each ends with `end`, a line end or a NUL, and is
/// taken byte for byte. Otherwise a sentence: it cannot be read, or one of them is empty or
/// has a NUL in it.
[[nodiscard]] std::expected<std::vector<std::string>, std::string> read_operand_list(
    const std::string& path, char end);

}  // namespace carousel::tool
