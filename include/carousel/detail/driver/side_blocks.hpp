#pragma once

#include <array>
#include <cstddef>
#include <new>

#include "carousel/detail/driver/slot.hpp"

namespace carousel::detail {

/// Recycled blocks for what does not fit into a slot and the kernel must find: paths, iovecs,
/// statx. A block belongs to its slot and lives as long as the slot's operation.
class side_blocks {
 public:
  static constexpr std::array<std::size_t, 4> class_bytes = {256, 1024, 4608, 16640};

  side_blocks() = default;
  side_blocks(const side_blocks&) = delete;
  side_blocks& operator=(const side_blocks&) = delete;
  ~side_blocks();

  /// Gives the slot a block of at least `bytes`. Throws std::bad_alloc.
  [[nodiscard]] std::byte* take(slot& s, std::size_t bytes);
  void give_back(slot& s) noexcept {
    std::byte*& head = free_[s.side_class];
    *reinterpret_cast<std::byte**>(s.side) = head;
    head = s.side;
    s.side = nullptr;
  }
  /// Of a slot that has let go of it; null: nothing.
  static void free(std::byte* block) noexcept { ::operator delete(block); }

 private:
  std::array<std::byte*, class_bytes.size()> free_{};  ///< linked through their first bytes
};

}  // namespace carousel::detail
