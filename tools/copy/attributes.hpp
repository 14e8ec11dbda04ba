#pragma once

#include <sys/stat.h>

#include "copy/access_list.hpp"
#include "copy/attribute_table.hpp"

namespace carousel::tool {

/// What of a file or directory is kept besides its content.
struct attribute_options {
  /// Owner, mode with its special bits, access control lists and times; else the mode it was made
  /// with stays.
  bool preserve = false;
  bool extended = false;  ///< extended attributes
  /// The file system of the original lists access control lists among the extended attributes: what
  /// has none of these has none of those.
  bool lists_all = false;
  /// Of what was there before: extended attributes that the original has not are taken from it.
  bool replaces = false;
};

/// Gives the file or directory `to` what `from` has; `about` is of `from`, `made` of `to`.
/// Each attribute is tried, whatever became of the others.
[[nodiscard]] attribute_losses copy_attributes(int from, int to, const struct stat& about,
                                               const struct stat& made,
                                               const attribute_options& options,
                                               inherited_acl inherits_acl);
/// The same, and looks what `to` is.
[[nodiscard]] attribute_losses copy_attributes(int from, int to, const struct stat& about,
                                               const attribute_options& options,
                                               inherited_acl inherits_acl);

/// A name in an open directory.
struct link_name {
  int directory;
  const char* name;
};

/// The same for a symbolic link, which has no mode of its own.
[[nodiscard]] attribute_losses copy_link_attributes(const link_name& from, const link_name& to,
                                                    const struct stat& about,
                                                    const attribute_options& options);

}  // namespace carousel::tool
