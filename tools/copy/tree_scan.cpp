#include "copy/tree_scan.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "copy/listing.hpp"

namespace carousel::tool {
namespace {

/// One descriptor per level: deeper trees are copied, but their total is not known. Most are left
/// to those who copy.
int depth_max() noexcept {
  constexpr rlim_t most = 64;
  constexpr rlim_t share = 8;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return most;
  return static_cast<int>(std::min(most, limit.rlim_cur / share));
}

/// Holes are not copied.
std::uint64_t bytes_to_copy(const struct stat& about) noexcept {
  const auto size = static_cast<std::uint64_t>(about.st_size);
  const auto stored = static_cast<std::uint64_t>(about.st_blocks) * 512;
  return stored == 0 ? size : std::min(size, stored);
}

}  // namespace

tree_scan::tree_scan(std::vector<std::string> paths, bool follow_named_links)
    : depth_max_(depth_max()),
      thread_([this, paths = std::move(paths),
               flags = follow_named_links ? 0 : AT_SYMLINK_NOFOLLOW](const std::stop_token& stop) {
        run(stop, paths, flags);
      }) {}

scan_totals tree_scan::totals() const noexcept {
  const bool complete = complete_.load(std::memory_order_acquire);
  return {files_.load(std::memory_order_relaxed), bytes_.load(std::memory_order_relaxed), complete};
}

void tree_scan::run(const std::stop_token& stop, const std::vector<std::string>& paths,
                    int named_flags) {
  for (const std::string& path : paths) count(stop, AT_FDCWD, path.c_str(), named_flags, 0);
  complete_.store(everything_ && !stop.stop_requested(), std::memory_order_release);
}

void tree_scan::count(const std::stop_token& stop, int directory, const char* name, int flags,
                      int depth) {
  struct stat about{};
  if (stop.stop_requested() || ::fstatat(directory, name, &about, flags) != 0) return;
  if (!S_ISDIR(about.st_mode)) {
    const bool again = S_ISREG(about.st_mode) && about.st_nlink > 1 &&
                       !seen_.emplace(about.st_dev, about.st_ino).second;
    if (again) return;
    files_.fetch_add(1, std::memory_order_relaxed);
    if (S_ISREG(about.st_mode)) bytes_.fetch_add(bytes_to_copy(about), std::memory_order_relaxed);
    return;
  }
  const int nofollow = flags != 0 ? O_NOFOLLOW : 0;
  const int fd = depth >= depth_max_
                     ? -1
                     : ::openat(directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | nofollow);
  const listing stream = listing_of(fd);
  if (!stream) {
    everything_ = false;
    return;
  }
  while (const dirent* entry = ::readdir(stream.get())) {
    const char* child = static_cast<const char*>(entry->d_name);
    const std::string_view called = child;
    if (called != "." && called != "..") count(stop, fd, child, AT_SYMLINK_NOFOLLOW, depth + 1);
  }
}

}  // namespace carousel::tool
