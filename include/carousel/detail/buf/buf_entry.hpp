#pragma once

#include <cstddef>
#include <cstdint>

#include "carousel/detail/driver/context.hpp"

namespace carousel::detail {

class buf_collection;
struct buf_entry;

/// The buffers of one capacity, or those of them that a group has.
struct buf_size_class {
  std::size_t capacity;
  buf_entry* free_head = nullptr;  ///< LIFO: the buffer used last is the warmest
  std::uint32_t total = 0;
  std::uint32_t quarantined = 0;
  list<waiter, ready_tag> waiters{};  ///< strict FIFO; empty whenever a buffer is free
  /// Of a group's: the class that its buffers are part of, and counted in as well.
  buf_size_class* whole = nullptr;
  explicit buf_size_class(std::size_t bytes) noexcept : capacity(bytes) {}
};

/// One buffer of a collection. A lease is a pointer to it, so that moving one moves a single
/// machine word.
struct alignas(64) buf_entry {
  std::byte* data;
  buf_collection* owner;
  buf_size_class* size_class;
  buf_entry* next_free;
  std::size_t capacity;
  std::size_t size;         ///< the fill: bytes that are valid now
  std::size_t initialized;  ///< high-water mark of valid bytes; survives check-in
  std::uint32_t holder;     ///< id of the task that checked it out
  std::uint16_t index;      ///< position in the collection
  bool leased;
  bool quarantined;  ///< leased for ever: the kernel did not give it back

  void set_size(std::size_t n) noexcept {
    size = n;
    if (size > initialized) initialized = size;
  }
};
static_assert(sizeof(buf_entry) == 64);

}  // namespace carousel::detail
