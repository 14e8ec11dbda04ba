#include "common/memory_room.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include "common/mount_entry.hpp"

namespace carousel::tool {
namespace {

namespace fs = std::filesystem;

/// What the two versions of control groups call the same.
struct group_files {
  std::array<const char*, 2> limits;  ///< null: there is no second one
  const char* usage;
  const char* idle_pages;  ///< in memory.stat
};
constexpr group_files of_version_2{
    {"memory.max", "memory.high"}, "memory.current", "inactive_file"};
constexpr group_files of_version_1{
    {"memory.limit_in_bytes", nullptr}, "memory.usage_in_bytes", "total_inactive_file"};
/// No limit is spelt in version 1 as the last page that can be counted, and "max", which is no
/// number, in version 2.
constexpr std::uint64_t no_limit = std::uint64_t{1} << 62U;

std::optional<std::uint64_t> number_in(const fs::path& file) {
  std::uint64_t number = 0;
  if (std::ifstream(file) >> number) return number;
  return std::nullopt;
}

/// Of a file with a name and a number, and perhaps a unit, in each line.
std::optional<std::uint64_t> number_of(std::string_view name, const fs::path& file) {
  std::ifstream text(file);
  for (std::string line; std::getline(text, line);) {
    std::istringstream fields(line);
    std::string called;
    std::uint64_t number = 0;
    if (fields >> called >> number && called == name) return number;
  }
  return std::nullopt;
}

void keep_least(std::optional<memory_room>& least, memory_room other) {
  if (!least || other.bytes < least->bytes) least = std::move(other);
}

/// `shown` is the group's directory without the root in front.
void look_at_group(std::optional<memory_room>& least, const fs::path& group, const fs::path& shown,
                   const group_files& files) {
  const auto used = number_in(group / files.usage);
  if (!used) return;
  for (const char* name : files.limits) {
    const auto limit = name == nullptr ? std::nullopt : number_in(group / name);
    if (!limit || *limit >= no_limit) continue;
    const std::uint64_t idle = number_of(files.idle_pages, group / "memory.stat").value_or(0);
    const std::uint64_t kept = *used - std::min(*used, idle);
    keep_least(least,
               {*limit - std::min(*limit, kept), std::string(name) + " of " + shown.native()});
  }
}

/// The group itself and those above it, as far as they are mounted.
void look_at_groups(std::optional<memory_room>& least, const fs::path& root,
                    const mount_entry& mounted, const std::string& group,
                    const group_files& files) {
  // In a container the mount may begin at the group, or below the one that the process is said to
  // be in.
  const fs::path below = fs::path(group).lexically_relative(mounted.root);
  const bool inside = !below.empty() && *below.begin() != "..";
  fs::path at = inside ? (fs::path(mounted.at) / below).lexically_normal() : fs::path(mounted.at);
  for (;;) {
    look_at_group(least, root / at.relative_path(), at, files);
    if (at == mounted.at || !at.has_relative_path()) break;
    at = at.parent_path();
  }
}

}  // namespace

std::optional<memory_room> find_memory_room(const fs::path& root) {
  std::optional<memory_room> least;
  const std::vector<mount_entry> mounts = read_mounts(root);
  std::ifstream groups(root / "proc/self/cgroup");
  // "0::/group" in version 2, "4:cpu,memory:/group" in version 1.
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool newer = controllers.empty();
    if (!newer && !mount_option(controllers, "memory")) continue;
    for (const mount_entry& m : mounts) {
      if (newer ? m.type != "cgroup2" : m.type != "cgroup" || !mount_option(m.options, "memory"))
        continue;
      look_at_groups(least, root, m, line.substr(second + 1), newer ? of_version_2 : of_version_1);
      break;
    }
  }
  if (const auto kib = number_of("MemAvailable:", root / "proc/meminfo"))
    keep_least(least, {*kib * 1024, "MemAvailable of /proc/meminfo"});
  return least;
}

}  // namespace carousel::tool
