#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace carousel::tool::bench {

/// How many columns UTF-8 text takes where every character takes one.
[[nodiscard]] std::size_t columns_of(std::string_view text) noexcept;
/// The text in lines of at most so many columns, broken at blanks; a word that is longer has a line
/// of its own.
[[nodiscard]] std::vector<std::string> lines_of(std::string_view text, std::size_t width);

}  // namespace carousel::tool::bench
