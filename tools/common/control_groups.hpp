#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

namespace carousel::tool {

/// A control group that this process is in.
struct control_group {
  std::filesystem::path at;     ///< its directory
  std::filesystem::path shown;  ///< the same without the root in front
  bool is_version_2 = true;
};

/// Calls `visit` with each group that has the controller ("memory", "cpu"), of both versions: those
/// of the process and those above them, as far as they are mounted. `root` is the root directory,
/// whose /proc and mounted control groups are read.
void for_each_control_group(const std::filesystem::path& root, std::string_view controller,
                            const std::function<void(const control_group&)>& visit);

}  // namespace carousel::tool
