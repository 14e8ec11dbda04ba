#pragma once

#include <cstddef>

#include "carousel/config.hpp"

namespace carousel::detail {

/// Under AddressSanitizer, memory that must not be touched now - lent to the kernel, or a free
/// buffer of a pool - is poisoned, and an access is reported. Only what has one owner is poisoned:
/// shared memory may be read while it is written out.
///
/// The library was compiled with the sanitizer or it was not, whatever the program is compiled
/// with: these functions are inlined into both, and what one half poisons the other must clear.
extern const bool memory_is_poisoned;

/// Poison goes by granules of 8 bytes, so both round inward.
void poison_granules(const std::byte* data, std::size_t size) noexcept;
void unpoison_granules(const std::byte* data, std::size_t size) noexcept;

/// Whoever unmaps memory or gives it away unpoisons it.
inline void poison(const std::byte* data, std::size_t size) noexcept {
  if (memory_is_poisoned) [[unlikely]]
    poison_granules(data, size);
}
inline void unpoison(const std::byte* data, std::size_t size) noexcept {
  if (memory_is_poisoned) [[unlikely]]
    unpoison_granules(data, size);
}

}  // namespace carousel::detail
