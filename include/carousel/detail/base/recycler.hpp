#pragma once

#include <cstddef>

#include "carousel/config.hpp"

namespace carousel::detail {

/// A cache of small heap blocks per thread, by size: coroutine frames, task records and descriptors
/// come from here, so that a program in steady state does not call the heap. Blocks may be freed on
/// another thread than they came from.
struct recycler {
  [[nodiscard]] static void* allocate(std::size_t bytes);
  static void deallocate(void* block, std::size_t bytes) noexcept;
};

/// Base class that takes an object's (or a coroutine frame's) memory from the recycler.
struct recycled {
  static void* operator new(std::size_t bytes) { return recycler::allocate(bytes); }
  static void operator delete(void* block, std::size_t bytes) noexcept {
    recycler::deallocate(block, bytes);
  }
};

}  // namespace carousel::detail
