#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include "carousel/result.hpp"

namespace carousel {

/// Whether an arena asks for huge pages (2 MiB). They make large O_DIRECT transfers cheaper by far
/// more than registration does, and cost memory in whole pages.
enum class huge_pages {
  never,
  /// Madvise(MADV_HUGEPAGE): used where the kernel grants them, silently ordinary pages elsewhere.
  transparent,
};

/// One mapping of private anonymous memory, zeroed and page-aligned; 2 MiB-aligned with huge pages.
/// Owns it: the memory is unmapped with the arena. It has no allocator inside.
class arena {
 public:
  /// Errors: not_enough_memory.
  [[nodiscard]] static result<arena> make(std::size_t bytes, huge_pages huge = huge_pages::never);
  arena() = default;
  arena(arena&& other) noexcept : memory_(std::exchange(other.memory_, {})) {}
  arena& operator=(arena&& other) noexcept {
    std::swap(memory_, other.memory_);
    return *this;
  }
  ~arena();

  [[nodiscard]] std::span<std::byte> bytes() const noexcept { return memory_; }
  /// Gives the mapping away: the caller unmaps it. The arena is empty afterwards.
  [[nodiscard]] std::span<std::byte> release() noexcept { return std::exchange(memory_, {}); }

 private:
  explicit arena(std::span<std::byte> memory) noexcept : memory_(memory) {}
  std::span<std::byte> memory_;
};

}  // namespace carousel
