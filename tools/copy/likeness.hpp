#pragma once

#include <sys/stat.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "copy/place.hpp"

namespace carousel::tool {

/// Equal for two names of one file. Elsewhere than on FUSE and 9p it is the identity alone. There a
/// server may hand on the inodes of several file systems under one device, as bindfs does, and who
/// takes two files for one loses one of them: the size and the times belong to it, so that a file
/// that changes meanwhile is copied under each of its names.
struct likeness {
  identity id;
  std::array<std::int64_t, 5> look{};
  friend auto operator<=>(const likeness&, const likeness&) = default;
};
struct hash_likeness {
  std::size_t operator()(const likeness& of) const noexcept { return hash_identity()(of.id); }
};

/// Tells likenesses, and remembers of each device what it is.
class likenesses {
 public:
  /// Of what the name has in the directory; `follow` when `about` is of what a link leads to.
  /// Error: there is no descriptor to find out.
  [[nodiscard]] result<likeness> of(int directory, const char* name, bool follow,
                                    const struct stat& about);

 private:
  std::unordered_map<dev_t, bool> unique_;  ///< whether the device has each inode once
};

}  // namespace carousel::tool
