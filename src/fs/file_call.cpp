#include "carousel/detail/file_call.hpp"

#include <linux/limits.h>

#include <cstring>

namespace carousel::detail {

failure_code paths::check() const noexcept {
  for (const std::string* path : {&first, &second}) {
    if (path->size() >= PATH_MAX) return failure(std::errc::filename_too_long);
    if (path->find('\0') != std::string::npos) return failure(std::errc::invalid_argument);
  }
  return 0;
}

std::uint64_t paths::encode(driver& io, slot& s, std::size_t reserve) const {
  std::byte* block = io.side_block(s, reserve + first.size() + 1 + second.size() + 1) + reserve;
  std::byte* after = block + first.size() + 1;
  std::memcpy(block, first.c_str(), first.size() + 1);
  std::memcpy(after, second.c_str(), second.size() + 1);
  s.req.address = reinterpret_cast<std::uintptr_t>(block);
  return reinterpret_cast<std::uintptr_t>(after);
}

}  // namespace carousel::detail
