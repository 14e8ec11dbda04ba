#include "common/read_behind.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "common/extents.hpp"
#include "common/last_error.hpp"

namespace carousel::tool {

buf_result<std::size_t, fixed_buf> read_behind(int fd, fixed_buf lease, std::uint64_t at) {
  lease.clear();
  const std::uint64_t length = std::min<std::uint64_t>(lease.capacity(), offset_max - at);
  const ssize_t n = ::pread(fd, lease.spare().data(), length, static_cast<off_t>(at));
  if (n < 0) {
    const std::error_code why = last_error();
    return {std::unexpected(why), std::move(lease)};
  }
  lease.commit(static_cast<std::size_t>(n));
  return {static_cast<std::size_t>(n), std::move(lease)};
}

}  // namespace carousel::tool
