#pragma once

#include <concepts>
#include <filesystem>
#include <string_view>

#include "carousel/config.hpp"

namespace carousel {

/// A path as a parameter: a std::filesystem::path, or any string as it is. Making a path object of
/// a string costs as much as the library's part of opening a file, so none is made. Refers to its
/// argument; who takes one copies the text before returning.
class path_text {
 public:
  // NOLINTBEGIN(google-explicit-constructor): a path is passed as what it is
  path_text(const std::filesystem::path& path) noexcept : text_(path.native()) {}
  path_text(const std::filesystem::directory_entry& entry) noexcept
      : text_(entry.path().native()) {}
  template <class String>
    requires std::convertible_to<const String&, std::string_view>
  path_text(const String& string) noexcept : text_(string) {}
  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] std::string_view text() const noexcept { return text_; }

 private:
  std::string_view text_;
};

}  // namespace carousel
