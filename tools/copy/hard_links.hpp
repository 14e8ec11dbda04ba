#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "copy/likeness.hpp"
#include "copy/name_claims.hpp"
#include "copy/place.hpp"
#include "copy/walk.hpp"

namespace carousel::tool {

/// One file to copy.
struct file_job {
  std::shared_ptr<place> where;
  handles open;
  std::string source_name;
  std::string target_name;
  claim claimed = {};
  bool follow = false;                 ///< a symbolic link is followed
  bool agreed = false;                 ///< -i: to replace what has its name
  bool is_current = false;             ///< -u keeps what has its name, which stands for a copy
  bool is_foreseen = false;            ///< a dry run would copy it
  bool is_kept = false;                ///< what has its name stays
  std::string hash = {};               ///< of its content, for a manifest
  std::optional<likeness> leads = {};  ///< the first name of a file that has several
};

/// The files of several names that were met: the first name is copied, the others become links to
/// that copy.
class hard_links {
 public:
  struct copied {
    std::shared_ptr<place> where;
    std::string name;
    identity copy;     ///< to notice that somebody has put another file there
    std::string hash;  ///< of its content, for a manifest
  };
  enum class role { first, later, waiting };

  /// first: to be copied, and ended by finish(). later: `result` says where. waiting: the job was
  /// taken, and is given back by finish() of the first.
  role meet(const likeness& file, file_job& job, copied& result);
  /// The copy takes no more names, or is gone: the name that asked is copied, and ended by
  /// finish(), as if it were the first.
  void begin_again(const likeness& file);
  /// The first name was copied, or was not. Gives back who waited for it.
  std::vector<file_job> finish(const likeness& file, std::optional<copied> made);

 private:
  struct entry {
    std::optional<copied> made;
    std::vector<file_job> waiting;
  };
  std::unordered_map<likeness, entry, hash_likeness> files_;
};

}  // namespace carousel::tool
