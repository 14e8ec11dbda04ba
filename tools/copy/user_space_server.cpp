#include "copy/user_space_server.hpp"

#include <linux/magic.h>
#include <sys/vfs.h>

namespace carousel::tool {

bool is_served_by_program(int fd) noexcept {
  struct statfs about{};
  return ::fstatfs(fd, &about) != 0 || about.f_type == FUSE_SUPER_MAGIC ||
         about.f_type == V9FS_MAGIC;
}

}  // namespace carousel::tool
