#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "copy/place.hpp"

namespace carousel::tool {

/// What a copy does where it is to have a name: decided by what has that name already, and nothing
/// is touched yet.
struct target_plan {
  enum class step : std::uint8_t {
    make,            ///< the name is free
    replace,         ///< it is taken over in one step, when the copy is whole
    write_in_place,  ///< what has it is emptied and written to, because no other can be put there
    keep,            ///< what has it stays, as was asked
    refuse,          ///< what has it stays, which is an error
  };
  /// What is said of one of the two ends.
  struct refusal {
    side about = side::target;
    std::string_view text;
    bool goes_on = false;  ///< with the name of the target, and then:
    std::string_view rest = {};
    [[nodiscard]] std::string sentence(std::string_view quoted_target) const;
  };

  // Why it is written in place.
  static constexpr std::string_view nothing_beside = "no file can be made beside it";
  static constexpr std::string_view nothing_alike =
      "its owner and attributes cannot be given to another file";

  step next = step::make;
  bool is_current = false;  ///< it is kept because it is not older
  /// The regular file that the copy follows: without -p it is made like it.
  std::optional<struct stat> replaced = {};
  std::string_view in_place_because = {};
  refusal why = {};
};

inline constexpr target_plan::refusal directory_in_the_way{side::target,
                                                           "is a directory, which is not replaced"};
inline constexpr target_plan::refusal just_made{side::source, "would overwrite ", true,
                                                ", which was just made"};

/// What a copy is, for what is to be done about something that has its name.
struct newcomer {
  identity source;
  bool keeps_others = false;    ///< -n
  const identities& just_made;  ///< by copies of the same run
  unsigned type = S_IFREG;      ///< as in st_mode, of what is no directory
  /// -u: the time of the last change, and what is not older is kept.
  std::optional<timespec> changed = {};
  bool has_backup = false;   ///< of what it replaces, and then is like nothing that was there
  bool keeps_times = false;  ///< the copy has that time, as far as the target can tell times apart
  /// --resume: the source. What looks as its copy would is one that was finished before.
  const struct stat* resumed = nullptr;
};

/// `name` in a directory that others may have filled. A symbolic link there is never followed.
[[nodiscard]] target_plan plan_for_target(int directory, const char* name, const newcomer& copy);

/// A time as the file system of this file would keep it: in the steps that the stamps of the file
/// show, and in two seconds on FAT. `fd` is of the file or of its directory.
[[nodiscard]] timespec kept_there(timespec time, int fd, const struct stat& file) noexcept;

/// Why nothing can be made in the directory although its permissions allow it, and what to do;
/// empty: nothing is known.
[[nodiscard]] std::string_view lock_of(int directory) noexcept;

/// Why what is open takes no attributes, whoever gives them, and what to do; empty: nothing is
/// known.
[[nodiscard]] std::string_view attribute_lock_of(int fd) noexcept;

/// Gives a new file, which nobody has written to, what the existing one has and a copy without -p
/// keeps: owner, mode, access control list, extended attributes, and the time of the last access.
/// False when some of it, times aside, cannot be given. Error: there is no descriptor for it.
[[nodiscard]] result<bool> make_alike(int directory, const char* name, const struct stat& about,
                                      int made);

}  // namespace carousel::tool
