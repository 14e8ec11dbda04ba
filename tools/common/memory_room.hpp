#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace carousel::tool {

/// Memory that this process may still fill before somebody is killed for it.
struct memory_room {
  std::uint64_t bytes = 0;
  /// What says so: "memory.max of /sys/fs/cgroup/backup", or "MemAvailable of /proc/meminfo".
  std::string limit;
};

/// The least of what is left in the process's control groups, its own and those above them, of both
/// versions, and in the machine. Pages of files that nobody has used for a while count as left.
/// Nothing when nobody says. `root` is the root directory, whose /proc and mounted control groups
/// are read.
[[nodiscard]] std::optional<memory_room> find_memory_room(const std::filesystem::path& root = "/");

}  // namespace carousel::tool
