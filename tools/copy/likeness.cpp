#include "copy/likeness.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <system_error>

#include "common/last_error.hpp"
#include "copy/descriptors.hpp"
#include "copy/user_space_server.hpp"

namespace carousel::tool {
namespace {

/// Of the file system that what has the name is on. False also when nobody can say.
result<bool> has_each_inode_once(int directory, const char* name, bool follow) noexcept {
  const int fd = ::openat(directory, name, O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW));
  if (fd < 0) {
    const std::error_code why = last_error();
    if (out_of_descriptors(why)) return std::unexpected(why);
    return false;
  }
  const bool is_served = is_served_by_program(fd);
  ::close(fd);
  return !is_served;
}

}  // namespace

result<likeness> likenesses::of(int directory, const char* name, bool follow,
                                const struct stat& about) {
  auto known = unique_.find(about.st_dev);
  if (known == unique_.end()) {
    const auto unique = has_each_inode_once(directory, name, follow);
    if (!unique) return std::unexpected(unique.error());
    known = unique_.emplace(about.st_dev, *unique).first;
  }
  if (known->second) return likeness{identity_of(about)};
  return likeness{identity_of(about),
                  {about.st_size, about.st_mtim.tv_sec, about.st_mtim.tv_nsec, about.st_ctim.tv_sec,
                   about.st_ctim.tv_nsec}};
}

}  // namespace carousel::tool
