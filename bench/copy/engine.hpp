#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/work.hpp"

namespace bench {

/// A rival of the workload `copy`.
class copier {
 public:
  virtual ~copier() = default;
  /// Copies all blocks of `source` and brings them to the disk.
  virtual void run(work& source) = 0;
};

struct copy_files {
  std::string from;  ///< the names, for programs
  std::string to;
  int in;   ///< open with O_DIRECT, as is `out`
  int out;  ///< its space is allocated
};

struct copy_memory {
  bool registered = true;
  bool huge = false;  ///< on transparent huge pages
};

// The descriptors stay the caller's. `p` is the plan of the source; its depth is the number of
// blocks under way.
std::unique_ptr<copier> copy_by_hand(const plan& p, const copy_files& files, copy_memory memory);
std::unique_ptr<copier> copy_by_carousel(const plan& p, const copy_files& files,
                                         copy_memory memory);
/// `cp`, and what it wrote brought to the disk.
std::unique_ptr<copier> copy_by_cp(const copy_files& files);

}  // namespace bench
