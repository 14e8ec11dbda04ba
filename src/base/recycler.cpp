#include "carousel/detail/base/recycler.hpp"

#include <array>
#include <cstdint>
#include <new>

#include "base/sanitizers.hpp"

#if defined(CAROUSEL_ADDRESS_SANITIZER)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#endif

namespace carousel::detail {
namespace {

constexpr std::size_t step_bytes = 64;
constexpr std::size_t classes = 32;  // blocks up to 2 KiB
constexpr std::uint32_t blocks_per_class =
    4096;  // kept per class and thread; more go back to the heap

struct free_block {
  free_block* next;
};

struct cache {
  std::array<free_block*, classes> head{};
  std::array<std::uint32_t, classes> kept{};
  bool closed = false;  ///< the thread is ending
  bool sweeps = false;
};
constinit thread_local cache local;

/// Gives the cache back to the heap when its thread ends.
struct sweeper {
  sweeper() noexcept { local.sweeps = true; }
  sweeper(const sweeper&) = delete;
  sweeper& operator=(const sweeper&) = delete;
  ~sweeper() {
    local.closed = true;
    for (free_block*& head : local.head) {
      while (head != nullptr) {
        free_block* block = head;
        ASAN_UNPOISON_MEMORY_REGION(block, sizeof *block);
        head = block->next;
        ::operator delete(block);
      }
    }
  }
};

/// Once per thread, whether it first takes a block or first gives back one of another thread's.
[[gnu::noinline]] void sweep_at_thread_end() {
  thread_local const sweeper at_thread_end;
  (void)at_thread_end;
}

[[gnu::noinline]] void* from_heap(std::size_t bytes) {
  if (!local.sweeps) sweep_at_thread_end();
  return ::operator new(bytes);
}

}  // namespace

void* recycler::allocate(std::size_t bytes) {
  const std::size_t size_class = (bytes - 1) / step_bytes;
  if (size_class >= classes) return ::operator new(bytes);
  free_block* block = local.head[size_class];
  if (block == nullptr) return from_heap((size_class + 1) * step_bytes);
  ASAN_UNPOISON_MEMORY_REGION(block, (size_class + 1) * step_bytes);
  local.head[size_class] = block->next;
  --local.kept[size_class];
  return block;
}

void recycler::deallocate(void* memory, std::size_t bytes) noexcept {
  const std::size_t size_class = (bytes - 1) / step_bytes;
  if (size_class >= classes || local.closed || local.kept[size_class] == blocks_per_class) {
    ::operator delete(memory);
    return;
  }
  if (!local.sweeps) sweep_at_thread_end();
  auto* block = static_cast<free_block*>(memory);
  block->next = local.head[size_class];
  local.head[size_class] = block;
  ++local.kept[size_class];
  ASAN_POISON_MEMORY_REGION(block, (size_class + 1) * step_bytes);
}

}  // namespace carousel::detail
