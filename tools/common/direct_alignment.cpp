#include "common/direct_alignment.hpp"

#include <fcntl.h>
#include <sys/stat.h>

namespace carousel::tool {

direct_alignment direct_alignment_of(int fd) noexcept {
  struct statx about{};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &about) != 0) return {};
  if ((about.stx_mask & STATX_DIOALIGN) == 0) return {};
  return {true, about.stx_dio_mem_align, about.stx_dio_offset_align};
}

}  // namespace carousel::tool
