#pragma once

#include <cstdint>
#include <filesystem>
#include <istream>
#include <optional>
#include <string>
#include <vector>

namespace carousel::tool {

/// A line of /proc/self/mountinfo.
struct mount_entry {
  std::uint64_t id = 0;
  std::string root;     ///< what of the file system is mounted
  std::string at;       ///< where
  std::string type;     ///< "ext4", "fuse.sshfs"
  std::string options;  ///< of the file system
};

/// Lines that are none are left out.
[[nodiscard]] std::vector<mount_entry> read_mounts(std::istream& text);
/// Of this process; `root` is the root directory whose /proc is read.
[[nodiscard]] std::vector<mount_entry> read_mounts(const std::filesystem::path& root = "/");
/// The mount that an open file is in.
[[nodiscard]] std::optional<mount_entry> mount_of(int fd);
/// The value of `option` in a list like "rw,upperdir=/a,nodatasum"; empty for one without any.
/// Nothing when it is not there.
[[nodiscard]] std::optional<std::string> mount_option(const std::string& options,
                                                      const std::string& option);

}  // namespace carousel::tool
