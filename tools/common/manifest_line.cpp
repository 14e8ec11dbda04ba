#include "common/manifest_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace carousel::tool {
namespace {

constexpr std::size_t sha256_digits = 64;
constexpr std::size_t xxh128_digits = 32;

bool is_lower_hexadecimal(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/// Nothing: a backslash is followed by what it cannot be.
std::optional<std::string> unescaped(std::string_view name) {
  std::string plain;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '\\') {
      plain += name[i];
      continue;
    }
    const char meant = ++i < name.size() ? name[i] : '\0';
    if (meant == '\\')
      plain += '\\';
    else if (meant == 'n')
      plain += '\n';
    else if (meant == 'r')
      plain += '\r';
    else
      return std::nullopt;
  }
  return plain;
}

}  // namespace

std::string manifest_text(std::string_view hash, std::string_view name) {
  std::string escaped;
  if (name == "-") name = "./-";
  for (const char c : name) {
    switch (c) {
      case '\\': escaped += "\\\\"; break;
      case '\n': escaped += "\\n"; break;
      case '\r': escaped += "\\r"; break;
      default: escaped += c; break;
    }
  }
  return fmt::format("{}{}  {}\n", escaped.size() == name.size() ? "" : "\\", hash, escaped);
}

std::optional<manifest_line> read_manifest_line(std::string_view line) {
  if (line.contains('\0')) return std::nullopt;
  const bool is_escaped = line.starts_with('\\');
  if (is_escaped) line.remove_prefix(1);
  const std::size_t digits = std::min(line.find(' '), line.size());
  const std::string_view hash = line.substr(0, digits);
  if ((digits != sha256_digits && digits != xxh128_digits) ||
      !std::ranges::all_of(hash, is_lower_hexadecimal))
    return std::nullopt;
  line.remove_prefix(digits);
  // The second character tells text from binary, which are the same here.
  if (line.size() < 3 || (line[1] != ' ' && line[1] != '*')) return std::nullopt;
  line.remove_prefix(2);
  auto name = is_escaped ? unescaped(line) : std::optional<std::string>(line);
  if (!name) return std::nullopt;
  const hash_kind kind = digits == sha256_digits ? hash_kind::sha256 : hash_kind::xxh128;
  return manifest_line{kind, std::string(hash), std::move(*name)};
}

}  // namespace carousel::tool
