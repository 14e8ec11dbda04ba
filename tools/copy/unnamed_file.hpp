#pragma once

namespace carousel::tool {

// A file that has no name until it is whole: a copy that is killed leaves nothing of it.

/// Open for reading and writing, in the file system of the directory. `mode` is before the umask.
/// -1 and errno; EOPNOTSUPP also where what is made so could not be given a name.
[[nodiscard]] int open_unnamed(int directory, unsigned mode) noexcept;
/// Gives it one that is free. 0, or -1 and errno.
[[nodiscard]] int link_unnamed(int fd, int directory, const char* name) noexcept;

}  // namespace carousel::tool
