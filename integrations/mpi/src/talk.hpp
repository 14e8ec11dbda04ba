#pragma once

#include <cstdint>

namespace carousel_mpi {

/// What a message is about: its first byte.
enum class talk : std::uint8_t {
  // To rank 0.
  asks,       ///< for units: there is nothing more to do here
  asks_part,  ///< for a part of a large file
  gives,      ///< units to whoever has nothing to do
  cuts,       ///< a large file into parts
  leaves,     ///< names of files that have several, for later
  is_idle,    ///< after so many messages with work: all of it is finished
  is_out,     ///< it begins nothing more: a signal came, or the target takes nothing
  ended,      ///< the directories of one depth; where the next are
  error,
  line,
  note,
  figures,  ///< files and bytes so far
  summary,  ///< when all is over

  // From rank 0.
  operand,
  units,
  part,
  wants,  ///< that others give units, or that they keep them
  links,  ///< all that has one name is copied
  ends,   ///< all is copied: directories of a depth get their attributes
  over,

  // Between any two.
  part_done,
};

}  // namespace carousel_mpi
