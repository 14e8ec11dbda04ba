#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "copy/place.hpp"

namespace carousel::tool {

/// What is left out of a tree, by patterns of glob(7). One without a slash is of a name at any
/// depth, one with a slash of a path from the top of the tree; a slash at the end asks for a
/// directory. No part of a pattern but a slash meets a slash. What is named on the command line is
/// never left out.
class exclusions {
 public:
  explicit exclusions(const std::vector<std::string>& patterns);

  [[nodiscard]] bool empty() const noexcept { return patterns_.empty(); }
  /// Whether the directory, or what else has the name in the place, is left out.
  [[nodiscard]] bool cover(const place& where, const std::string& name, bool directory) const;

 private:
  struct pattern {
    std::string text;  ///< without slashes at its ends
    bool of_path = false;
    bool of_directory = false;
    std::size_t slashes = 0;
  };
  std::vector<pattern> patterns_;
  std::size_t deepest_ = 0;  ///< slashes of a pattern
};

}  // namespace carousel::tool
