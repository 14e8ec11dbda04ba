#include "carousel/detail/io/transfer.hpp"

namespace carousel::detail {

bool is_aligned(const descriptor& file, position at, const std::byte* data,
                std::size_t bytes) noexcept {
  return reinterpret_cast<std::uintptr_t>(data) % file.memory_align == 0 &&
         bytes % file.offset_align == 0 && (!at.given() || at.value() % file.offset_align == 0);
}

}  // namespace carousel::detail
