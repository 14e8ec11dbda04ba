#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <string_view>

#include "copy/attribute_table.hpp"

namespace carousel::tool {

/// The extended attributes of something that is open, if only as a name (O_PATH), or of a symbolic
/// link, which cannot be opened for that. Each call is that of xattr(7): -1 and errno.
class xattr_end {
 public:
  explicit xattr_end(int fd) noexcept : fd_(fd) {}
  /// The link `name` of an open directory. ENOSYS where /proc is not mounted.
  xattr_end(int directory, std::string_view name);

  ssize_t list(std::span<char> names) const noexcept;
  ssize_t get(const char* name, std::span<char> value) const noexcept;
  int set(const char* name, std::span<const char> value) const noexcept;
  int remove(const char* name) const noexcept;
  [[nodiscard]] int fd() const noexcept { return fd_; }  ///< -1: a link

 private:
  int fd_ = -1;
  std::string path_;
};

/// Room for the longest value and the longest list of names; one per thread, good until the next
/// call for it.
[[nodiscard]] std::span<char> xattr_value_room() noexcept;

/// Whether an attribute belongs to the file system that holds it, or to permissions, and is not
/// carried from file to file.
[[nodiscard]] bool stays_behind(std::string_view name) noexcept;

/// Copies extended attributes, without access control lists. A file that may not be written to is
/// opened for that to its owner: then the result is true, and the mode is to be set again.
/// `privileges`: capabilities too.
bool copy_extended(const xattr_end& from, const xattr_end& to, bool privileges,
                   attribute_losses& lost);
/// Takes those from `to` that are carried from file to file and that `from` has not. The same
/// result.
bool remove_others(const xattr_end& from, const xattr_end& to, attribute_losses& lost);
/// Whether both have one value of it, or both none.
[[nodiscard]] bool have_one_value(const xattr_end& one, const xattr_end& other, const char* name);
/// Whether there is nothing to do for the two above.
[[nodiscard]] bool is_like_in_extended(const xattr_end& from, const xattr_end& to);

}  // namespace carousel::tool
