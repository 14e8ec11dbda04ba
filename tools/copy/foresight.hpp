#pragma once

#include <sys/stat.h>

#include <string>
#include <system_error>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace carousel::tool {

// What a dry run can know of the target: it asks, and touches nothing.

/// Why nothing can be made, replaced or removed in the directory; none where it can be, as far as
/// permissions say.
[[nodiscard]] std::error_code why_no_change_in(int directory) noexcept;
/// Why the file may not be written to.
[[nodiscard]] std::error_code why_not_writable(int directory, const std::string& name) noexcept;
/// Whether a new file of this user's could be given the owner and the group of that one.
[[nodiscard]] bool may_own_alike(const struct stat& other);
/// What making the directory would say: file_exists where something has the name.
[[nodiscard]] std::error_code why_no_directory(int directory, const std::string& name) noexcept;

/// What a dry run of several sources would have made: their copies may meet.
class foreseen_names {
 public:
  explicit foreseen_names(bool several) noexcept : several_(several) {}
  /// Whether any are kept: else paths need not be put together.
  [[nodiscard]] bool any() const noexcept { return several_; }
  /// A copy of what `about` is of, which is no directory.
  void add(std::string path, const struct stat& about) {
    paths_.insert_or_assign(std::move(path), about);
  }
  void add_directory(std::string path) { directories_.insert(std::move(path)); }
  /// What the copy that has the name would be of; null: none has it.
  [[nodiscard]] const struct stat* find(const std::string& path) const {
    const auto at = paths_.find(path);
    return at == paths_.end() ? nullptr : &at->second;
  }
  [[nodiscard]] bool has_directory(const std::string& path) const {
    return directories_.contains(path);
  }

 private:
  bool several_;
  std::unordered_map<std::string, struct stat> paths_;  ///< of what is no directory
  std::unordered_set<std::string> directories_;
};

}  // namespace carousel::tool
