#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "copy/place.hpp"

namespace carousel::tool {

/// What the name of a copy was to its directory before anything was copied there.
struct claim {
  /// Nothing had it: what has it later was made by this copy, perhaps under a name that is spelt
  /// differently.
  bool was_free = false;
  /// A free name before it may be the same, which is known when that one has landed: the first of
  /// the two stays.
  bool comes_late = false;
  /// Another name of the same copy that is this one there; that one is copied, this one is not.
  /// Empty: there is none.
  std::string rival = {};
};

/// Whether names that are spelt differently may be one name in this directory: in upper and lower
/// case, composed and decomposed, with and without a dot at the end. True where nobody knows; false
/// where the file system is known to compare bytes.
[[nodiscard]] bool may_fold_names(int directory) noexcept;

/// The claims of all names that are to be copied into a directory which holds something and may
/// fold names.
///
/// How it folds them is known to nobody else, and changes with its version, so it is asked, before
/// it holds anything of the copy: names that are free then can meet only what this copy makes,
/// which the system call that makes the next one will find; names that find something share it when
/// it is one thing and the directory does not list them both.
class name_claims {
 public:
  /// Each name has nothing to fear.
  name_claims() = default;
  /// The names are name(0) to name(count - 1), no two of them equal; the first of several that are
  /// one is not a rival's. Error: there is no descriptor to find out.
  [[nodiscard]] static result<name_claims> ask(int directory, std::size_t count,
                                               const std::function<const char*(std::size_t)>& name);

  [[nodiscard]] claim of(std::size_t index) const;

 private:
  std::vector<bool> free_;  ///< empty: none is
  std::unordered_set<std::size_t> late_;
  std::unordered_map<std::size_t, std::string> rivals_;
};

/// What a name has in the directory, whichever of its names it is: the inode, or on FUSE, where
/// inodes may be numbered by name, what the thing looks like.
[[nodiscard]] identity identity_in(int directory, const char* name, const struct stat& about);

/// Why a source is not copied, after its name. `target` is the path that has what its own would
/// have.
[[nodiscard]] std::string one_name_text(std::string_view target);

/// How the directory spells what has the name; the name itself when that cannot be found out.
[[nodiscard]] std::string spelling_of(int directory, const std::string& name);

}  // namespace carousel::tool
