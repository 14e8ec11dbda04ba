#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "copy/exclusions.hpp"
#include "copy/name_list.hpp"
#include "copy/place.hpp"

namespace carousel::tool {

/// What the target has beside the copy: names in directories that were there before, which no
/// source has. It is found out while the sources are walked, before anything of theirs lands in
/// those directories.
///
/// None of it is what --exclude leaves out, nor, where names fold, what a name of the source finds
/// under another spelling.
class extras {
 public:
  /// Some names of one directory of the target.
  struct in_directory {
    std::shared_ptr<place> where;
    std::vector<std::string> names;  ///< ascending
  };

  /// A directory of a source has the names `wanted`, those that are left out too, and that of the
  /// target has `there`. Of sources that merge each directory is compared once for each of them.
  void compare(const std::shared_ptr<place>& where, const name_list& wanted, const name_list& there,
               const exclusions& left_out);
  /// These names in the directory are no extras.
  void keep(const identity& target, const std::unordered_set<std::string_view>& names);

  /// All of them, in the order in which their directories were compared.
  [[nodiscard]] std::vector<in_directory> take();

 private:
  std::vector<in_directory> found_;
  /// The directories that were compared, and where those that have some are above.
  std::unordered_map<identity, std::size_t, hash_identity> compared_;
};

}  // namespace carousel::tool
