#pragma once

#include <concepts>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "carousel/detail/recycler.hpp"

namespace carousel {

namespace detail {

/// Memory from the recycler, for what lives as long as an operation.
template <class T>
struct recycling_allocator {
  using value_type = T;
  recycling_allocator() = default;
  template <class U>
  // NOLINTNEXTLINE(google-explicit-constructor): the allocator requirements ask for it
  recycling_allocator(const recycling_allocator<U>&) noexcept {}
  [[nodiscard]] T* allocate(std::size_t n) {
    return static_cast<T*>(recycler::allocate(n * sizeof(T)));
  }
  void deallocate(T* block, std::size_t n) noexcept { recycler::deallocate(block, n * sizeof(T)); }
  bool operator==(const recycling_allocator&) const = default;
};

using path_string = std::basic_string<char, std::char_traits<char>, recycling_allocator<char>>;

}  // namespace detail

/// A path as a parameter: a std::filesystem::path, or any string as it is. Making a path object of a string costs as much as the
/// library's part of opening a file, so none is made. Refers to its argument; who takes one copies the text before returning.
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

  [[nodiscard]] detail::path_string copy() const { return detail::path_string(text_); }

 private:
  std::string_view text_;
};

}  // namespace carousel
