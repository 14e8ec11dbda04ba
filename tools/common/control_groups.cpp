#include "common/control_groups.hpp"

#include <fstream>
#include <string>
#include <vector>

#include "common/mount_entry.hpp"

namespace carousel::tool {
namespace {

namespace fs = std::filesystem;

using group_visitor = std::function<void(const control_group&)>;

/// The group itself and those above it.
void visit_upwards(const fs::path& root, const mount_entry& mounted, const std::string& group,
                   bool is_version_2, const group_visitor& visit) {
  // In a container the mount may begin at the group, or below the one that the process is said to
  // be in.
  const fs::path below = fs::path(group).lexically_relative(mounted.root);
  const bool inside = !below.empty() && *below.begin() != "..";
  fs::path at = inside ? (fs::path(mounted.at) / below).lexically_normal() : fs::path(mounted.at);
  for (;;) {
    visit({root / at.relative_path(), at, is_version_2});
    if (at == mounted.at || !at.has_relative_path()) break;
    at = at.parent_path();
  }
}

}  // namespace

void for_each_control_group(const fs::path& root, std::string_view controller,
                            const group_visitor& visit) {
  const std::string wanted(controller);
  const std::vector<mount_entry> mounts = read_mounts(root);
  std::ifstream groups(root / "proc/self/cgroup");
  // "0::/group" in version 2, "4:cpu,memory:/group" in version 1.
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool newer = controllers.empty();
    if (!newer && !mount_option(controllers, wanted)) continue;
    for (const mount_entry& m : mounts) {
      if (newer ? m.type != "cgroup2" : m.type != "cgroup" || !mount_option(m.options, wanted))
        continue;
      visit_upwards(root, m, line.substr(second + 1), newer, visit);
      break;
    }
  }
}

}  // namespace carousel::tool
