#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "carousel/carousel.hpp"
#include "message.hpp"

namespace carousel_mpi {

/// A rank that is none.
inline constexpr std::int32_t nobody = -1;

/// Where a directory is, in the words that all ranks have for it.
struct spot {
  std::uint32_t operand = 0;
  /// "": what the operand is in. "/": the directory that the operand names. "/a/b": below that.
  std::string path = {};

  friend auto operator<=>(const spot&, const spot&) = default;
};

/// A name in a directory that is to be copied.
struct named_file {
  spot where = {};
  std::string name = {};
  std::string target_name = {};
  std::uint64_t inode = 0;
  std::uint32_t type = 0;  ///< as in st_mode
  bool was_free = false;
  bool follow = false;
};

/// Bytes of a large file that are to be copied to, or compared with, those of its copy.
struct file_part {
  spot where = {};
  std::string name = {};
  std::string temporary = {};  ///< the name of the copy
  std::uint64_t inode = 0;     ///< of the source, and the rest when its owner opened it
  std::int64_t size = 0;
  std::int64_t seconds = 0;  ///< of its last change
  std::int64_t nanoseconds = 0;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  bool compares = false;
  bool follow = false;            ///< the name may be a symbolic link to the source
  std::int32_t owner = 0;         ///< the rank that waits for it
  std::int32_t not_for = nobody;  ///< the rank that could not get there
  std::uint64_t ticket = 0;       ///< what that rank knows it by
};

/// What one rank may do for another.
struct work_unit {
  enum class kind : std::uint8_t { directory, files, names };

  kind what = kind::directory;
  std::int32_t not_for = nobody;  ///< the rank that could not get there
  spot where = {};                ///< of a directory, what it is in; of files their directory
  std::string name = {};          ///< of a directory
  bool was_free = false;          ///< the name of the directory, at the target
  std::vector<carousel::directory_entry> files = {};
  std::vector<named_file> names = {};
};

void put(message_writer& to, const spot& where);
void put(message_writer& to, const named_file& file);
void put(message_writer& to, const file_part& part);
/// A unit is passed on as it is by whoever need not look into it.
[[nodiscard]] message packed(const work_unit& unit);
/// Without the rest of it.
[[nodiscard]] std::int32_t not_for_of(const message& unit);
/// Of a large directory; none in other units.
[[nodiscard]] std::size_t files_of(const message& unit);
/// Leaves so many files in the unit. The rest of it, which is one more.
[[nodiscard]] message cut_files_of(message& unit, std::size_t left);
[[nodiscard]] spot take_spot(message_reader& from);
[[nodiscard]] named_file take_named_file(message_reader& from);
[[nodiscard]] file_part take_file_part(message_reader& from);
[[nodiscard]] work_unit unpacked(const message& unit);

}  // namespace carousel_mpi
