#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "common/direct_alignment.hpp"
#include "doctor/doctor.hpp"

namespace carousel::tool {

/// What can be found out about direct I/O at one path.
struct direct_facts {
  std::string path;
  std::string type;  ///< of the file system that stores the data: "ext4"; "disk" for a block device
  bool layered = false;   ///< it is seen through overlayfs
  int refused = 0;        ///< what open(2) says with O_DIRECT
  direct_alignment told;  ///< of the file that was opened
  std::uint64_t block_bytes = 0;
  bool checksums = false;  ///< the file system keeps them for the file
  /// The device wants pages that nobody changes while they are on their way.
  bool stable_pages = false;
  std::pair<int, int> kernel;
};

/// What follows from the facts.
[[nodiscard]] finding judge_direct(const direct_facts& found);

/// Tries a file in the directory, or the file that `path` names.
[[nodiscard]] finding check_direct(const std::string& path);

}  // namespace carousel::tool
