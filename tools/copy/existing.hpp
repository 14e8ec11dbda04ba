#pragma once

#include <sys/stat.h>

#include <optional>
#include <string_view>

namespace carousel::tool {

/// A regular file that has the name of a copy already.
struct existing_file {
  struct stat about;
  /// Why no other file can be put in its place, so that it has to be written to, as cp(1) does it; empty: one can.
  std::string_view fixed = {};
  /// Why it cannot be written to either; empty: it can.
  std::string_view locked = {};
};

/// Nothing when the name has no regular file. A symbolic link is not followed.
[[nodiscard]] std::optional<existing_file> find_existing(int directory, const char* name);
/// The same of a name that has this.
[[nodiscard]] std::optional<existing_file> examine_existing(int directory, const char* name,
                                                            const struct stat& about);

/// Gives a new file, which nobody has written to, what the existing one has and a copy without -p keeps: owner, mode, access
/// control list, extended attributes, and the time of the last access. False when some of it, times aside, cannot be given.
[[nodiscard]] bool make_alike(int directory, const char* name, const struct stat& about, int made);

}  // namespace carousel::tool
