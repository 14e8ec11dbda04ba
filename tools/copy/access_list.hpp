#pragma once

#include <span>

#include "copy/attribute_table.hpp"

namespace carousel::tool {

/// Whether a new file or directory has access rules that its directory gave it, which the original
/// need not have.
enum class inherited_acl : bool { no, yes };

/// Gives an open file or directory the access control lists of another, and takes those away that
/// it has inherited where the original has none. The result is the mode to set afterwards: `mode`,
/// or less where the list could not be kept.
[[nodiscard]] unsigned copy_access_lists(int from, int to, bool directory, inherited_acl inherits,
                                         unsigned mode, attribute_losses& lost);

/// The mode of a file that had this list, the value of the extended attribute, and has none any
/// more: nobody may do more than the list let him.
[[nodiscard]] unsigned mode_without_list(unsigned mode, std::span<const char> list) noexcept;

/// Of files that are made in the directory: whether they get a default access control list.
[[nodiscard]] inherited_acl acl_given_by(int directory) noexcept;

}  // namespace carousel::tool
