#include "buf/memory_kind.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>

namespace carousel::detail {
namespace {

constexpr std::uintptr_t mapped_page_bytes = 4096;

/// As /proc tells it.
struct device_number {
  unsigned major = 0;
  unsigned minor = 0;
  bool operator==(const device_number&) const = default;
};

/// A file system that has no disk behind it: the kernel locks its pages like anonymous ones. By the
/// mount, because the file may have no name any more.
[[nodiscard]] bool is_in_memory_only(const device_number& device) {
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    device_number mounted;
    if (std::sscanf(line.c_str(), "%*d %*d %u:%u ", &mounted.major, &mounted.minor) != 2) continue;
    if (mounted != device) continue;
    const std::size_t type = line.find(" - ");
    if (type == line.npos) continue;
    return std::ranges::any_of(
        std::array{"tmpfs ", "devtmpfs ", "ramfs ", "hugetlbfs "},
        [&](const char* known) { return line.compare(type + 3, std::strlen(known), known) == 0; });
  }
  return false;
}

/// A line of /proc/self/maps.
struct mapping {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
  std::array<char, 5> may{};  ///< as in "rw-p"
  device_number device;
  std::string name;

  [[nodiscard]] bool parse(const std::string& line) {
    int length = 0;
    if (std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR " %4s %*s %x:%x %*s %n", &begin, &end,
                    may.data(), &device.major, &device.minor, &length) != 5)
      return false;
    name = line.substr(std::min(static_cast<std::size_t>(length), line.size()));
    return true;
  }
  [[nodiscard]] std::string refused_as() const {
    if (name.starts_with("/secretmem")) return "secret memory (memfd_secret)";
    if (may[0] != 'r' && may[1] != 'w') return "not accessible (PROT_NONE)";
    if (may[1] != 'w') return "not writable";
    const bool of_a_file_system = name.starts_with('/') && !name.starts_with("/memfd:") &&
                                  !name.starts_with("/dev/zero") && !name.starts_with("/SYSV");
    if (may[3] == 's' && of_a_file_system && !is_in_memory_only(device))
      return "a shared mapping of the file " + name;
    return {};
  }
};

/// A guard page (MADV_GUARD_INSTALL) among them; always false before Linux 6.15, which does not
/// tell. Each page is asked for, so those beyond the first GiB are not.
[[nodiscard]] bool has_guard_page(std::uintptr_t begin, std::uintptr_t end) {
  constexpr std::uintptr_t most_bytes = std::uintptr_t{1} << 30U;
  end = std::min(end, begin + most_bytes);
  constexpr std::uint64_t is_guard = std::uint64_t{1} << 58U;
  const int fd = ::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  std::array<std::uint64_t, 512> pages{};
  bool found = false;
  for (std::uintptr_t at = begin / mapped_page_bytes; at * mapped_page_bytes < end && !found;) {
    const ssize_t n =
        ::pread(fd, pages.data(), sizeof pages, static_cast<off_t>(at * sizeof pages[0]));
    if (n <= 0) break;
    const std::size_t count = std::min(static_cast<std::size_t>(n) / sizeof pages[0],
                                       (end - 1) / mapped_page_bytes + 1 - at);
    found = std::ranges::any_of(pages.begin(), pages.begin() + static_cast<std::ptrdiff_t>(count),
                                [](std::uint64_t page) { return (page & is_guard) != 0; });
    at += count;
  }
  ::close(fd);
  return found;
}

}  // namespace

std::string unregistrable_kind(std::span<const std::byte> memory) {
  const auto begin = reinterpret_cast<std::uintptr_t>(memory.data());
  const std::uintptr_t end = begin + memory.size();
  std::uintptr_t covered = begin;  // up to here it is mapped, and of no such kind
  std::ifstream maps("/proc/self/maps");
  if (!maps) return {};
  for (std::string line; covered < end && std::getline(maps, line);) {
    mapping m;
    if (!m.parse(line) || m.end <= covered) continue;
    if (m.begin > covered) break;
    if (std::string kind = m.refused_as(); !kind.empty()) return kind;
    covered = m.end;
  }
  if (covered < end) return "not mapped";
  if (has_guard_page(begin, end)) return "interrupted by a guard page (MADV_GUARD_INSTALL)";
  return {};
}

}  // namespace carousel::detail
