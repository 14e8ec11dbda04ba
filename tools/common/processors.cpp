#include "common/processors.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <optional>
#include <vector>

#include "common/control_groups.hpp"

namespace carousel::tool {
namespace {

constexpr std::size_t processors_max = 65536;

/// Those of the affinity mask, which has as many bits as the kernel knows processors.
std::size_t processors_of_mask() {
  for (std::size_t bits = 1024; bits <= processors_max; bits *= 2) {
    std::vector<cpu_set_t> mask(bits / (8 * sizeof(cpu_set_t)));
    const std::size_t bytes = mask.size() * sizeof(cpu_set_t);
    if (::sched_getaffinity(0, bytes, mask.data()) == 0)
      return static_cast<std::size_t>(CPU_COUNT_S(bytes, mask.data()));
  }
  return static_cast<std::size_t>(std::max(::sysconf(_SC_NPROCESSORS_ONLN), 1L));
}

/// "200000 100000" in cpu.max of version 2; "max" is no number. In version 1 two files, and -1.
std::optional<double> quota_of(const control_group& group) {
  double quota = 0;
  double period = 0;
  if (group.is_version_2) {
    std::ifstream text(group.at / "cpu.max");
    if (!(text >> quota >> period)) return std::nullopt;
  } else {
    std::ifstream quota_text(group.at / "cpu.cfs_quota_us");
    std::ifstream period_text(group.at / "cpu.cfs_period_us");
    if (!(quota_text >> quota) || !(period_text >> period)) return std::nullopt;
  }
  if (quota <= 0 || period <= 0) return std::nullopt;
  return quota / period;
}

}  // namespace

std::size_t usable_processors(const std::filesystem::path& root) {
  std::size_t many = std::max<std::size_t>(processors_of_mask(), 1);
  for_each_control_group(root, "cpu", [&](const control_group& group) {
    if (const auto quota = quota_of(group); quota && *quota < static_cast<double>(many))
      many = static_cast<std::size_t>(std::max(std::ceil(*quota), 1.0));
  });
  return many;
}

}  // namespace carousel::tool
