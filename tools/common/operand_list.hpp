#pragma once

#include <expected>
#include <string>
#include <vector>

namespace carousel::tool {

/// What the file has, or stdin where it is called "-", cut behind each `end`. Error: a sentence.
[[nodiscard]] std::expected<std::vector<std::string>, std::string> read_lines(
    const std::string& path, char end);

/// The operands that a file names, "-" for stdin: each ends with `end`, a line end or a NUL, and is
/// taken byte for byte. Otherwise a sentence: it cannot be read, or one of them is empty or
/// has a NUL in it.
[[nodiscard]] std::expected<std::vector<std::string>, std::string> read_operand_list(
    const std::string& path, char end);

}  // namespace carousel::tool
