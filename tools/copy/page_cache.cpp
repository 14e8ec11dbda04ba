#include "copy/page_cache.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <system_error>
#include <utility>

#include "common/owned_descriptor.hpp"

namespace carousel::tool {
namespace {

constexpr std::uint64_t window_bytes = std::uint64_t{1} << 30U;

/// Calls use(fd, stat) for every regular file under the trees that can be opened, and missed() for
/// every other one.
template <class Use, class Missed>
void for_each_file(const std::vector<std::filesystem::path>& trees, Use use, Missed missed) {
  const auto visit = [&](const std::filesystem::path& name) {
    struct stat about{};
    if (::lstat(name.c_str(), &about) != 0 || !S_ISREG(about.st_mode)) return;
    constexpr int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    int fd = ::open(name.c_str(), flags | O_NOATIME);
    if (fd < 0) fd = ::open(name.c_str(), flags);  // O_NOATIME is for the owner only
    const owned_descriptor opened(fd);
    if (fd < 0) return missed(about);
    use(fd, about);
  };
  for (const auto& tree : trees) {
    visit(tree);
    std::error_code why;
    if (!std::filesystem::is_directory(std::filesystem::symlink_status(tree, why))) continue;
    constexpr auto skip = std::filesystem::directory_options::skip_permission_denied;
    std::filesystem::recursive_directory_iterator at(tree, skip, why);
    for (; !why && at != std::filesystem::recursive_directory_iterator(); at.increment(why))
      visit(at->path());
  }
}

/// The kernel tells everybody else that all pages are there.
bool may_look(int fd, const struct stat& about) {
  return ::geteuid() == 0 || about.st_uid == ::geteuid() ||
         ::faccessat(fd, "", W_OK, AT_EMPTY_PATH) == 0;
}

/// Bytes of memory that hold something of the file, in whole pages.
std::uint64_t resident_bytes(int fd, std::uint64_t size) {
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  std::uint64_t found = 0;
  std::vector<unsigned char> pages;
  for (std::uint64_t at = 0; at < size; at += window_bytes) {
    const std::uint64_t length = std::min(window_bytes, size - at);
    void* const memory = ::mmap(nullptr, length, PROT_READ, MAP_SHARED, fd, static_cast<off_t>(at));
    if (memory == MAP_FAILED) continue;
    pages.assign((length + page - 1) / page, 0);
    if (::mincore(memory, length, pages.data()) == 0) {
      for (const unsigned char p : pages) {
        if ((p & 1U) != 0) found += page;
      }
    }
    ::munmap(memory, length);
  }
  return found;
}

}  // namespace

cache_state look_at_cache(const std::vector<std::filesystem::path>& trees) {
  cache_state state;
  std::set<std::pair<dev_t, ino_t>> seen;
  const auto count = [&](const struct stat& about) {
    ++state.files;
    state.bytes += static_cast<std::uint64_t>(about.st_size);
    return about.st_nlink == 1 || seen.emplace(about.st_dev, about.st_ino).second;
  };
  const auto look = [&](int fd, const struct stat& about) {
    if (!count(about)) return;
    if (may_look(fd, about)) {
      state.resident += resident_bytes(fd, static_cast<std::uint64_t>(about.st_size));
    } else {
      ++state.unknown;
    }
  };
  const auto missed = [&](const struct stat& about) {
    if (count(about)) ++state.unknown;
  };
  for_each_file(trees, look, missed);
  return state;
}

void drop_cache(const std::vector<std::filesystem::path>& trees) {
  for_each_file(
      trees,
      [](int fd, const struct stat&) { (void)::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED); },
      [](const struct stat&) {});
}

int sync_file_system(const std::filesystem::path& path) {
  const owned_descriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  return opened.fd() >= 0 && ::syncfs(opened.fd()) == 0 ? 0 : errno;
}

}  // namespace carousel::tool
