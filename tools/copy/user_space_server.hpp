#pragma once

namespace carousel::tool {

/// Whether the file system of what is open is served by a program, through FUSE or 9p: then it may
/// not keep to what is true of those that the kernel has. True also when nobody can say.
[[nodiscard]] bool is_served_by_program(int fd) noexcept;

}  // namespace carousel::tool
