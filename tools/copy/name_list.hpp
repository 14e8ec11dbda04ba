#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "carousel/carousel.hpp"

namespace carousel::tool {

/// What a directory lists, in as little memory as a million names ask for: some 16 bytes for each
/// beside the name itself.
class name_list {
 public:
  struct entry {
    std::string_view name;  ///< with a zero behind it; good as long as the list lives
    std::uint64_t inode;
    std::filesystem::file_type type;  ///< unknown where the file system does not say
    [[nodiscard]] const char* c_str() const noexcept { return name.data(); }
    /// The same by itself.
    [[nodiscard]] directory_entry alone() const { return {std::string(name), inode, type}; }
  };

  [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }
  [[nodiscard]] bool empty() const noexcept { return places_.empty(); }
  [[nodiscard]] entry operator[](std::size_t index) const noexcept;

  void add(std::string_view name, std::uint64_t inode, std::filesystem::file_type type);
  /// The order in which a disk has them, and that of the directory for names of one file.
  void sort_by_inode();
  /// Takes out what `is_out` says of, an entry each. How many those were.
  template <class IsOut>
  std::size_t erase_if(IsOut is_out) {
    return std::erase_if(places_, [&](const place_of& at) { return is_out(look_at(at)); });
  }

 private:
  struct place_of {
    std::uint64_t inode;
    std::uint64_t at;  ///< block, offset in it and type, in this order
  };
  static constexpr unsigned offset_bits = 32;
  static constexpr unsigned type_bits = 8;
  [[nodiscard]] entry look_at(const place_of& at) const noexcept;

  std::vector<place_of> places_;
  std::vector<std::unique_ptr<char[]>> blocks_;  ///< of names, each with a zero behind it
  std::size_t used_ = 0;                         ///< of the last one
};

/// The names in an open directory, without "." and "..". Read in blocking calls, between which
/// other tasks run. Error: what opening it anew says, or reading it.
[[nodiscard]] task<result<name_list>> names_in(directory where);

}  // namespace carousel::tool
