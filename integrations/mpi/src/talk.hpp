#pragma once

#include <cstdint>

namespace carousel_mpi {

/// What a message is about: its first byte.
enum class talk : std::uint8_t {
  // To rank 0.
  asks,       ///< for units, with the need
  asks_part,  ///< for a part of a large file, with the need
  gives,      ///< units to whoever has nothing to do
  cuts,       ///< a large file into parts; also to give one of them back
  leaves,     ///< names of files that have several, for later
  is_idle,    ///< after so many messages with work: all of it is finished
  is_out,  ///< it begins nothing more: a signal came, the target takes nothing, or storage is gone
  ended,   ///< the directories of one depth; where the next are
  error,
  line,
  note,
  figures,  ///< files and bytes so far
  summary,  ///< when all is over
  cleaned,  ///< after a signal: nothing of it has a temporary name

  // From rank 0.
  operand,
  units,
  part,
  wants,  ///< which units others are to give
  links,  ///< all that has one name is copied
  ends,   ///< all is copied: directories of a depth get their attributes
  over,

  // Between any two.
  part_done,
};

/// Why a rank asks for work, from the least: it has some, and what it asks for shall be there when
/// that is done; or it has nothing.
enum class need : std::uint8_t { none, soon, now };

/// Which units ranks are to give to rank 0, from the least: those that they have met and do not
/// begin next; or what they were given too, because somebody has nothing and rank 0 neither.
enum class want : std::uint8_t { none, met, all };

}  // namespace carousel_mpi
