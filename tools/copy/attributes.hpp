#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>
#include <system_error>

namespace carousel::tool {

/// What of a file or directory is kept besides its content.
struct attribute_options {
  bool preserve =
      false;  ///< owner, mode with its special bits, and times; else the mode it was made with stays
  bool extended = false;  ///< extended attributes, access control lists among them
};

/// What could not be kept without being an error: a sentence for a note.
using attribute_loss = std::optional<std::string>;

/// Gives the file `to` what `from` has; `about` is of `from`. `inherits_acl`: the directory gave `to` access rules that the
/// original need not have.
std::error_code copy_attributes(int from, int to, const struct stat& about,
                                const attribute_options& options, bool inherits_acl,
                                attribute_loss& loss);

/// Owner and times of a symbolic link.
std::error_code copy_link_attributes(int directory, const char* name, const struct stat& about);

/// The mode to make a copy with: never more open than the final one.
[[nodiscard]] unsigned first_mode(const struct stat& about,
                                  const attribute_options& options) noexcept;

/// Whether files that are made in the directory get a default access control list.
[[nodiscard]] bool gives_acl(int directory) noexcept;

}  // namespace carousel::tool
