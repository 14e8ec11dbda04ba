#pragma once

#include <span>

#include "copy/attribute_table.hpp"

namespace carousel::tool {

/// Gives an open file or directory the access control lists of another, and takes those away that
/// it has inherited where the original has none. The result is the mode to set afterwards: `mode`,
/// or less where the list could not be kept.
[[nodiscard]] unsigned copy_access_lists(int from, int to, bool directory, bool inherits,
                                         unsigned mode, attribute_losses& lost);

/// The mode of a file that had this list, the value of the extended attribute, and has none any
/// more: nobody may do more than the list let him.
[[nodiscard]] unsigned mode_without_list(unsigned mode, std::span<const char> list) noexcept;

/// Whether files that are made in the directory get a default access control list.
[[nodiscard]] bool gives_acl(int directory) noexcept;

}  // namespace carousel::tool
