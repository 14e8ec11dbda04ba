#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "common/extents.hpp"

namespace carousel::tool {

/// The extents of a file, cut into pieces that may be copied at once and in any order.
///
/// No byte is in two pieces, whatever the extents are. Transfers that must begin and end at
/// multiples of a grain cover more than the extents then: what is added to an extent is read from
/// the file like the rest of the piece, so it is the file's own zeros or the data of a neighbour,
/// which is in no other piece. Only behind the end of the file is there nothing to read.
class pieces {
 public:
  /// `extents` ascend and do not overlap. Pieces begin at multiples of `grain` bytes and end at
  /// one; they are at most `piece_bytes` long, which is a multiple of the grain.
  pieces(std::vector<extent> extents, std::uint64_t grain, std::uint64_t piece_bytes);

  /// The next one, ascending; nothing behind the last.
  [[nodiscard]] std::optional<extent> next();

 private:
  std::vector<extent> extents_;  ///< as wide as the grain makes them, with gaps between them
  std::uint64_t piece_bytes_;
  std::size_t current_ = 0;
};

}  // namespace carousel::tool
