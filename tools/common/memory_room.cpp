#include "common/memory_room.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>
#include <string_view>
#include <utility>

#include "common/control_groups.hpp"

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

void look_at_group(std::optional<memory_room>& least, const control_group& group) {
  const group_files& files = group.is_version_2 ? of_version_2 : of_version_1;
  const auto used = number_in(group.at / files.usage);
  if (!used) return;
  for (const char* name : files.limits) {
    const auto limit = name == nullptr ? std::nullopt : number_in(group.at / name);
    if (!limit || *limit >= no_limit) continue;
    const std::uint64_t idle = number_of(files.idle_pages, group.at / "memory.stat").value_or(0);
    const std::uint64_t kept = *used - std::min(*used, idle);
    keep_least(least, {*limit - std::min(*limit, kept),
                       std::string(name) + " of " + group.shown.native()});
  }
}

}  // namespace

std::optional<memory_room> find_memory_room(const fs::path& root) {
  std::optional<memory_room> least;
  for_each_control_group(root, "memory",
                         [&](const control_group& group) { look_at_group(least, group); });
  if (const auto kib = number_of("MemAvailable:", root / "proc/meminfo"))
    keep_least(least, {*kib * 1024, "MemAvailable of /proc/meminfo"});
  return least;
}

}  // namespace carousel::tool
