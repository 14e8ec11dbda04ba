#pragma once

#include <cstddef>
#include <span>

#include "carousel/config.hpp"

namespace carousel::detail {

/// Memory for one buffer of a collection.
struct raw_buffer {
  std::byte* data;
  std::size_t capacity;
  std::size_t initialized;
};

/// Owns the memory of a collection.
class buf_storage {
 public:
  virtual ~buf_storage() = default;
  /// The kernel may write into this memory for ever. False: the storage cannot keep a part of it
  /// from reuse, and must be leaked as a whole.
  [[nodiscard]] virtual bool quarantine(std::span<std::byte>) noexcept { return false; }
};

}  // namespace carousel::detail
