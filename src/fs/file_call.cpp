#include "carousel/detail/file_call.hpp"

#include <fcntl.h>
#include <linux/limits.h>

#include <cstring>

namespace carousel::detail {

failure_code paths::check() const noexcept {
  for (const path_string* path : {&first, &second}) {
    if (path->size() >= PATH_MAX) return failure(std::errc::filename_too_long);
    if (path->find('\0') != path_string::npos) return failure(std::errc::invalid_argument);
  }
  return 0;
}

std::uint64_t paths::encode(driver& io, slot& s, request& r, std::size_t reserve) const {
  std::byte* block = io.side_block(s, reserve + first.size() + 1 + second.size() + 1) + reserve;
  std::byte* after = block + first.size() + 1;
  std::memcpy(block, first.c_str(), first.size() + 1);
  std::memcpy(after, second.c_str(), second.size() + 1);
  r.address = reinterpret_cast<std::uintptr_t>(block);
  return reinterpret_cast<std::uintptr_t>(after);
}

void path_call::encode(driver& io, slot& s, request& r) const {
  r = req;
  r.fd = AT_FDCWD;  // unless start() aims it at the directory
  const std::uint64_t second = names.encode(io, s, r);
  if (two_paths) r.offset = second;
  if (two_directories) r.length = static_cast<std::uint32_t>(held->fd);
}

}  // namespace carousel::detail
