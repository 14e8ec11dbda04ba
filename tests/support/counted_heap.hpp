#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

// Replaces the global operator new of the program whose only source includes this.

/// A sanitizer's own allocations count too.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1  // as g++ says it
#endif
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CAROUSEL_COUNTS_ALLOCATIONS 0
#else
#define CAROUSEL_COUNTS_ALLOCATIONS 1
#endif

namespace carousel::test {

/// What this thread asks of the heap.
struct counted_heap {
  std::size_t allocations = 0;
  std::size_t total_bytes = 0;  ///< of all of them, also of those that were given back
  /// So many allocations succeed, then one fails, or all do.
  std::size_t succeed = static_cast<std::size_t>(-1);
  bool fails_for_good = false;
  bool has_failed = false;

  void* allocate(std::size_t bytes, std::size_t alignment) {
    ++allocations;
    if (succeed == 0 && (fails_for_good || !has_failed)) {
      has_failed = true;
      throw std::bad_alloc();
    }
    if (succeed != 0) --succeed;
    // aligned_alloc() wants a multiple of the alignment.
    void* memory = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    if (memory == nullptr) throw std::bad_alloc();
    total_bytes += bytes;
    return memory;
  }
};

inline constinit thread_local counted_heap heap;

}  // namespace carousel::test

// What replaces these may not be inline; one file of a program includes this. And none is put into
// its callers, where g++ sees a free() of what came from operator new.
// NOLINTBEGIN(misc-definitions-in-headers)
void* operator new(std::size_t bytes) {
  return carousel::test::heap.allocate(bytes, alignof(std::max_align_t));
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return carousel::test::heap.allocate(bytes, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
// NOLINTEND(misc-definitions-in-headers)
