#pragma once

#include <fmt/format.h>

#include <charconv>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "common/command_line.hpp"
#include "common/naming.hpp"

namespace carousel::tool {

/// The bounds of a number, both inclusive.
template <class T>
struct bounds {
  T least;
  T most;
};

/// The number that the whole text is, when it is within the bounds; or a sentence for the option of
/// that name.
template <class T>
std::expected<T, std::string> number(std::string_view text, std::string_view option,
                                     bounds<T> within) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (whole && value >= within.least && value <= within.most) return value;
  return std::unexpected(fmt::format("{}: {} is no number from {} to {}", option,
                                     shell_quoted(text), within.least, within.most));
}

/// A number of bytes: 4096, 4K, 4KiB; K, M and G are powers of 1024. A sentence for the option of
/// that name otherwise.
[[nodiscard]] std::expected<std::size_t, std::string> byte_count(std::string_view text,
                                                                 std::string_view option);

/// An option with a number, whose help tells what it is without it.
template <class T>
option number_option(std::string_view name, T& to, bounds<T> within, std::string_view help) {
  return {"",
          name,
          has_value::yes,
          "N",
          fmt::format("{} [{}]", help, to),
          [&to, within](std::string_view value, std::string_view spelt) -> taken {
            const auto n = number<T>(value, spelt, within);
            if (!n) return std::unexpected(n.error());
            to = *n;
            return {};
          }};
}

}  // namespace carousel::tool
