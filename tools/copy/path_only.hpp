#pragma once

#include <sys/types.h>
#include <time.h>

#include <array>
#include <string>

#include "carousel/fs/directory.hpp"

namespace carousel::tool {

/// The directory `name` in another, opened to be named only: for one that may not be read, but
/// used. `nofollow`: O_NOFOLLOW, or 0 where a link may lead to it.
[[nodiscard]] result<directory> name_directory(const directory& where, const std::string& name,
                                               int nofollow);

// Calls of the kernel on a descriptor, and on one that does no more than name its file (O_PATH) as
// well: a directory that one may not read has no other. 0, or -1 and errno.

int change_owner(int fd, uid_t owner, gid_t group) noexcept;
int change_mode(int fd, mode_t mode) noexcept;
/// Of the last access and of the last change.
int change_times(int fd, const std::array<timespec, 2>& times) noexcept;

/// A name of what is open, for the calls that have no other way to it. It is gone where /proc is
/// not mounted.
[[nodiscard]] std::array<char, 32> path_in_proc(int fd) noexcept;

}  // namespace carousel::tool
