#pragma once

#include <cstdint>

#include "copy/content.hpp"
#include "message.hpp"

namespace carousel_mpi {

namespace tool = carousel::tool;

/// What became of a part of a large file.
struct part_outcome {
  std::int32_t error = 0;   ///< an errno
  bool ends_early = false;  ///< the source is shorter than it was
  bool differs = false;
  std::uint64_t offset = 0;
  tool::content_progress::step step = tool::content_progress::step::reading;
  tool::chosen_way way = {};

  /// Of several outcomes of one file this one is told, and not the other: of failures the one that
  /// stands first in the file, and otherwise what a part had to do without.
  [[nodiscard]] bool outweighs(const part_outcome& other) const noexcept;
};

void put(message_writer& to, const part_outcome& done);
[[nodiscard]] part_outcome take_part_outcome(message_reader& from);

}  // namespace carousel_mpi
