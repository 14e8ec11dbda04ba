#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/content_hash.hpp"

namespace carousel::tool {

/// A line of a manifest, as sha256sum(1) writes and checks them: a name with a backslash or the end
/// of a line in it is escaped. What is called - is written as ./-, because - is stdin to them.
struct manifest_line {
  hash_kind kind = hash_kind::sha256;  ///< by the length of the hash
  std::string hash;
  std::string name;
};

[[nodiscard]] std::string manifest_text(std::string_view hash, std::string_view name);
/// Without the end of the line. Nothing: it is no such line.
[[nodiscard]] std::optional<manifest_line> read_manifest_line(std::string_view line);

}  // namespace carousel::tool
