#include "copy/kernel_copy.hpp"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace carousel::tool {

bool is_one_memory(int from, int to) noexcept {
  struct stat source{};
  struct stat target{};
  struct statfs about{};
  return ::fstat(from, &source) == 0 && ::fstat(to, &target) == 0 &&
         source.st_dev == target.st_dev && ::fstatfs(from, &about) == 0 &&
         about.f_type == TMPFS_MAGIC;
}

bool copy_in_kernel(int from, int to, std::uint64_t size) noexcept {
  off64_t read = 0;
  off64_t written = 0;
  while (static_cast<std::uint64_t>(written) < size) {
    const std::uint64_t left = size - static_cast<std::uint64_t>(written);
    if (::copy_file_range(from, &read, to, &written, left, 0) <= 0) return false;
  }
  return true;
}

}  // namespace carousel::tool
