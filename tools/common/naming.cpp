#include "common/naming.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <random>

namespace carousel::tool {
namespace {

// With the dot and the suffix within 143 bytes, the least that names are known to be limited to (by
// eCryptfs).
constexpr std::size_t temporary_stem_max = 116;

/// In hexadecimal digits; empty: there is none.
std::string temporary_mark;

/// Bytes of the well-formed UTF-8 sequence at the front that shows as itself, or 0.
std::size_t shown(std::string_view s) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || s.size() < length) return 0;
  std::uint32_t code = first & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return 0;
    code = code << 6U | (byte(i) & 0x3fU);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  // Controls, and what turns the direction of the text around.
  const bool invisible = code < 0xa0 || (code >= 0x200b && code <= 0x200f) ||
                         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  return overlong || surrogate || invisible || code > 0x10ffff ? 0 : length;
}

}  // namespace

std::string shell_quoted(std::string_view name) {
  std::string plain = "'";
  std::string escaped = "$'";
  bool as_itself = true;
  while (!name.empty()) {
    const std::size_t length = shown(name);
    const char c = name.front();
    if (length != 0 && c != '\'' && c != '\\') {
      plain += name.substr(0, length);
      escaped += name.substr(0, length);
      name.remove_prefix(length);
      continue;
    }
    // A backslash needs no escape where nothing else does.
    if (c != '\\') as_itself = false;
    plain += c;
    switch (c) {
      case '\n': escaped += "\\n"; break;
      case '\t': escaped += "\\t"; break;
      case '\r': escaped += "\\r"; break;
      case '\\': escaped += "\\\\"; break;
      case '\'': escaped += "\\'"; break;
      default: escaped += fmt::format("\\{:03o}", static_cast<unsigned char>(c));
    }
    name.remove_prefix(1);
  }
  return (as_itself ? plain : escaped) + "'";
}

split_name split(std::string_view path) {
  const std::string_view bare = without_slashes(path);
  if (bare.empty()) return {path.empty() ? std::string() : "/", path.empty() ? "" : "."};
  const std::size_t slash = bare.rfind('/');
  const std::size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
  return {std::string(path.substr(0, begin)), std::string(path.substr(begin))};
}

std::string_view without_slashes(std::string_view name) noexcept {
  while (name.ends_with('/')) name.remove_suffix(1);
  return name;
}

bool names_no_child(std::string_view name) noexcept {
  const std::string_view bare = without_slashes(name);
  return bare == "." || bare == "..";
}

std::string temporary_name(std::string_view name) {
  thread_local std::random_device random;
  std::size_t stem = std::min(name.size(), temporary_stem_max);
  // Not within a character of UTF-8, whose parts are names in some file systems only.
  while (stem != 0 && stem < name.size() &&
         (static_cast<unsigned char>(name[stem]) & 0xc0U) == 0x80)
    --stem;
  return fmt::format(".{}.carousel-{}{:08x}", name.substr(0, stem), temporary_mark, random());
}

void mark_temporary_names(std::uint32_t number) { temporary_mark = fmt::format("{:08x}", number); }

}  // namespace carousel::tool
