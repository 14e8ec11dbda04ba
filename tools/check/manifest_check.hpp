#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "carousel/carousel.hpp"
#include "common/manifest_line.hpp"

namespace carousel::tool {

/// Compares files with the lines of a manifest, in their order, several at once. What is wrong is
/// said as it is found.
class manifest_check {
 public:
  struct figures {
    std::uint64_t right = 0;
    std::uint64_t different = 0;
    std::uint64_t missing = 0;
    std::uint64_t extra = 0;
    std::uint64_t errors = 0;  ///< what could not be read, lines that are none, and to have no line
  };

  /// `verbose`: files that are right are named too. Error: not_enough_memory.
  [[nodiscard]] static result<manifest_check> make(bool verbose);

  /// Takes the lines of the manifest of that name. To have none is an error: it tells nothing.
  void read(const std::string& manifest, const std::vector<std::string>& lines);
  /// Until all were compared, or a signal came.
  [[nodiscard]] task<> compare();
  /// Files below the directory that no line names.
  void look_for_others(const std::string& directory);

  [[nodiscard]] const figures& found() const noexcept { return found_; }
  [[nodiscard]] bool is_all_right() const noexcept {
    return found_.different + found_.missing + found_.extra + found_.errors == 0;
  }

 private:
  manifest_check(fixed_buf_pool pool, bool verbose) noexcept
      : pool_(std::move(pool)), verbose_(verbose) {}
  /// The same of all names of one place, through whatever links and dots they lead there.
  std::string one_spelling(const std::filesystem::path& name);
  task<result<std::string>> hash_of(std::size_t line);
  void judge(const manifest_line& line, const result<std::string>& hash);

  fixed_buf_pool pool_;
  bool verbose_;
  std::vector<manifest_line> lines_;
  std::unordered_set<std::string> names_;  ///< of all lines, in their one spelling
  std::unordered_map<std::string, std::string> directories_;  ///< and theirs, by how a name has it
  figures found_;
};

}  // namespace carousel::tool
