#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "copy/file_job.hpp"
#include "copy/likeness.hpp"
#include "copy/place.hpp"

namespace carousel::tool {

/// The files of several names that were met: the first name is copied, the others become links to
/// that copy, in the order in which they were met. One name of a file is dealt with at a time, and
/// those that come meanwhile wait.
class hard_links {
 public:
  struct copied {
    std::shared_ptr<place> where;
    std::string name;
    identity copy;     ///< to notice that somebody has put another file there
    std::string hash;  ///< of its content, for a manifest
  };
  enum class role { first, later, waiting };

  /// first: to be copied. later: `result` says where, and it is to become a link at once. waiting:
  /// the job was taken. What has job.has_names afterwards must be ended by finish().
  role meet(const likeness& file, file_job& job, copied& result);
  /// The copy takes no more names, or is gone: the name that asked is copied as if it were the
  /// first.
  void begin_again(const likeness& file, file_job& job);
  /// This name is dealt with, and was copied to `made` if it leads. Gives back who waits next.
  std::optional<file_job> finish(const likeness& file, std::optional<copied> made);

 private:
  struct entry {
    std::optional<copied> made = {};
    std::unique_ptr<std::deque<file_job>> waiting = {};  ///< null: nobody does
    bool busy = true;                                    ///< with a name
  };
  std::unordered_map<likeness, entry, hash_likeness> files_;
};

}  // namespace carousel::tool
