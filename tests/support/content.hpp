#pragma once

#include <carousel/buf/owned_bytes.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "support/bytes.hpp"

namespace carousel::test {

/// What is in a file, read behind the library's back.
[[nodiscard]] inline std::string content_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

[[nodiscard]] inline std::vector<char> chars_of(std::string_view text) {
  return {text.begin(), text.end()};
}

/// A buffer with these bytes in it, and room for more.
[[nodiscard]] inline owned_bytes owned(std::string_view text, std::size_t capacity) {
  owned_bytes made = owned_bytes::with_capacity(capacity);
  std::ranges::copy(bytes_of(text), made.spare().begin());
  made.commit(text.size());
  return made;
}

}  // namespace carousel::test
