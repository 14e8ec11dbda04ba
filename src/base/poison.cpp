#include "carousel/detail/base/poison.hpp"

#include <cstdint>

#include "base/sanitizers.hpp"

#if defined(CAROUSEL_ADDRESS_SANITIZER)
#include <sanitizer/asan_interface.h>
#endif

namespace carousel::detail {

#if defined(CAROUSEL_ADDRESS_SANITIZER)

extern const bool memory_is_poisoned = true;

namespace {

struct granules {
  static constexpr std::uintptr_t bytes = 8;
  std::uintptr_t begin;
  std::uintptr_t end;
  granules(const std::byte* data, std::size_t size) noexcept
      : begin((reinterpret_cast<std::uintptr_t>(data) + bytes - 1) / bytes * bytes),
        end((reinterpret_cast<std::uintptr_t>(data) + size) / bytes * bytes) {}
};

}  // namespace

void poison_granules(const std::byte* data, std::size_t size) noexcept {
  const granules g(data, size);
  if (g.begin < g.end)
    __asan_poison_memory_region(reinterpret_cast<const void*>(g.begin), g.end - g.begin);
}
void unpoison_granules(const std::byte* data, std::size_t size) noexcept {
  const granules g(data, size);
  if (g.begin < g.end)
    __asan_unpoison_memory_region(reinterpret_cast<const void*>(g.begin), g.end - g.begin);
}

#else

extern const bool memory_is_poisoned = false;

void poison_granules(const std::byte*, std::size_t) noexcept {}
void unpoison_granules(const std::byte*, std::size_t) noexcept {}

#endif

}  // namespace carousel::detail
