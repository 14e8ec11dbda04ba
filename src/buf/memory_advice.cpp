#include "carousel/buf/memory_advice.hpp"

#include <limits>

namespace carousel {

advise_memory_operation advise_memory(std::span<const std::byte> of, memory_advice use) noexcept {
  detail::request req{.code = detail::opcode::madvise,
                      .address = reinterpret_cast<std::uintptr_t>(of.data()),
                      .op_flags = static_cast<std::uint32_t>(use)};
  // The wider field is the younger one.
  if (of.size() <= std::numeric_limits<std::uint32_t>::max()) {
    req.length = static_cast<std::uint32_t>(of.size());
  } else {
    req.offset = of.size();
  }
  return advise_memory_operation(detail::memory_call{req});
}

}  // namespace carousel
