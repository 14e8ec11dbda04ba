#pragma once

#include <cstdint>
#include <string>

namespace carousel::tool::bench {

/// "4 KiB", "1.5 GiB", "700 bytes".
[[nodiscard]] std::string size_text(std::uint64_t bytes);
/// With about three digits that count: "0.043", "0.28", "12.3", "15 083".
[[nodiscard]] std::string number_text(double value);
/// "a", "a and b", "a, b and c" of what is not empty.
template <class Strings>
[[nodiscard]] std::string enumeration(const Strings& parts) {
  std::string text;
  std::size_t left = parts.size();
  for (const std::string& part : parts) {
    text += part;
    --left;
    if (left != 0) text += left == 1 ? " and " : ", ";
  }
  return text;
}

}  // namespace carousel::tool::bench
