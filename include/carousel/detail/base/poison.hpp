#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1  // as g++ says it
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace carousel::detail {

/// Under AddressSanitizer, memory that must not be touched now - lent to the kernel, or a free buffer of a pool - is poisoned, and
/// an access is reported. Only what has one owner is poisoned: shared memory may be read while it is written out.
///
/// Poison goes by granules of 8 bytes, so both functions round inward. Whoever unmaps memory or gives it away unpoisons it.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool memory_is_poisoned = true;

struct poison_granules {
  static constexpr std::uintptr_t bytes = 8;
  std::uintptr_t begin;
  std::uintptr_t end;
  poison_granules(const std::byte* data, std::size_t size) noexcept
      : begin((reinterpret_cast<std::uintptr_t>(data) + bytes - 1) / bytes * bytes),
        end((reinterpret_cast<std::uintptr_t>(data) + size) / bytes * bytes) {}
};

inline void poison(const std::byte* data, std::size_t size) noexcept {
  const poison_granules g(data, size);
  if (g.begin < g.end)
    __asan_poison_memory_region(reinterpret_cast<const void*>(g.begin), g.end - g.begin);
}
inline void unpoison(const std::byte* data, std::size_t size) noexcept {
  const poison_granules g(data, size);
  if (g.begin < g.end)
    __asan_unpoison_memory_region(reinterpret_cast<const void*>(g.begin), g.end - g.begin);
}
#else
inline constexpr bool memory_is_poisoned = false;
inline void poison(const std::byte*, std::size_t) noexcept {}
inline void unpoison(const std::byte*, std::size_t) noexcept {}
#endif

}  // namespace carousel::detail
