#include "common/numbers.hpp"

#include <limits>

namespace carousel::tool {

std::expected<std::size_t, std::string> byte_count(std::string_view text, std::string_view option) {
  const std::string_view digits = text.substr(0, text.find_first_not_of("0123456789"));
  std::string unit(text.substr(digits.size()));
  for (char& c : unit) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  constexpr std::string_view units = "KMG";
  unsigned shift = 0;
  if (!unit.empty() && unit != "B") {
    const std::size_t at = units.find(unit.front());
    const std::string_view rest = std::string_view(unit).substr(1);
    if (at == std::string_view::npos || (!rest.empty() && rest != "B" && rest != "IB"))
      return std::unexpected(fmt::format("{}: {} is no number of bytes, such as 4096, 64K or 1M",
                                         option, shell_quoted(text)));
    shift = static_cast<unsigned>(10 * (at + 1));
  }
  auto count =
      number<std::size_t>(digits, option, {0, std::numeric_limits<std::size_t>::max() >> shift});
  if (!count) return count;
  return *count << shift;
}

}  // namespace carousel::tool
