#pragma once

#include <cstddef>
#include <filesystem>

namespace carousel::tool {

/// How many processors this process may keep busy, at least one: those that it may run on, and no
/// more than the least quota of its control groups pays for, of both versions, its own and those
/// above them. `root` is the root directory, whose /proc and mounted control groups are read.
[[nodiscard]] std::size_t usable_processors(const std::filesystem::path& root = "/");

}  // namespace carousel::tool
