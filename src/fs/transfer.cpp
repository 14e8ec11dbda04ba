#include "carousel/detail/transfer.hpp"

namespace carousel::detail {

std::error_code check_position(const descriptor&, position at) noexcept {
  if (at.given && at.offset > offset_max) return std::make_error_code(std::errc::invalid_argument);
  return {};
}

std::error_code check_direct(const descriptor& file, position at, const std::byte* data,
                             std::size_t bytes) noexcept {
  if (file.memory_align == 0) return {};
  const bool aligned = reinterpret_cast<std::uintptr_t>(data) % file.memory_align == 0 &&
                       bytes % file.offset_align == 0 &&
                       (!at.given || at.offset % file.offset_align == 0);
  return aligned ? std::error_code{} : make_error_code(errc::misaligned);
}

}  // namespace carousel::detail
