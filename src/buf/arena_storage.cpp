#include "buf/arena_storage.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <new>

namespace carousel::detail {
namespace {

[[nodiscard]] std::byte* floor_page(std::byte* p) noexcept {
  return p - reinterpret_cast<std::uintptr_t>(p) % page_bytes;
}
[[nodiscard]] std::byte* ceil_page(std::byte* p) noexcept { return floor_page(p + page_bytes - 1); }

void reserve(std::byte* begin, const std::byte* end) noexcept {
  if (begin < end) {
    (void)mmap(begin, static_cast<std::size_t>(end - begin), PROT_NONE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  }
}

}  // namespace

arena_storage::~arena_storage() {
  if (lost_.empty()) return;
  const std::span<std::byte> all = memory_.release();
  std::ranges::sort(lost_);
  std::byte* at = all.data();
  for (const auto& [begin, end] : lost_) {
    std::byte* const first = floor_page(begin);
    if (first > at) munmap(at, static_cast<std::size_t>(first - at));
    // The neighbours on its pages are gone now.
    const std::byte* const last = ceil_page(end);
    if (last > at) reserve(std::max(at, first), last);
    at = std::max(at, ceil_page(end));
  }
  std::byte* const last = all.data() + all.size();
  if (last > at) munmap(at, static_cast<std::size_t>(last - at));
}

bool arena_storage::quarantine(std::span<std::byte> buffer) noexcept {
  try {
    lost_.emplace_back(buffer.data(), buffer.data() + buffer.size());
  } catch (const std::bad_alloc&) {
    return false;
  }
  // Neighbours on the same page may be leased and go on.
  reserve(ceil_page(buffer.data()), floor_page(buffer.data() + buffer.size()));
  return true;
}

}  // namespace carousel::detail
