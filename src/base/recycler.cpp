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

// Blocks as the C library makes them: of 8 bytes more than a multiple of 16, since its own word
// stands before each.
constexpr std::size_t step_bytes = 16;
constexpr std::size_t word_bytes = 8;
constexpr std::size_t classes = 128;  // blocks up to 2 KiB
constexpr std::uint32_t blocks_per_class =
    4096;  // kept per class and thread; more go back to the heap

struct free_block {
  free_block* next;
};

/// Whether the cache goes back to the heap when its thread ends.
enum class sweep : std::uint8_t { not_asked, at_thread_end, over };

struct cache {
  std::array<free_block*, classes> head{};
  std::array<std::uint32_t, classes> kept{};
  sweep sweeps = sweep::not_asked;
};
constinit thread_local cache local;

struct sweeper {
  sweeper() noexcept { local.sweeps = sweep::at_thread_end; }
  sweeper(const sweeper&) = delete;
  sweeper& operator=(const sweeper&) = delete;
  ~sweeper() {
    local.sweeps = sweep::over;
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
  if (local.sweeps == sweep::not_asked) sweep_at_thread_end();
  return ::operator new(bytes);
}

constexpr std::size_t class_of(std::size_t bytes) noexcept {
  return (bytes + step_bytes - word_bytes - 1) / step_bytes;
}
constexpr std::size_t bytes_of(std::size_t size_class) noexcept {
  return size_class * step_bytes + word_bytes;
}
static_assert(bytes_of(class_of(1)) >= sizeof(free_block) && class_of(25) == class_of(40) &&
              bytes_of(class_of(40)) == 40);

void keep(void* memory, std::size_t size_class) noexcept {
  auto* block = static_cast<free_block*>(memory);
  block->next = local.head[size_class];
  local.head[size_class] = block;
  ++local.kept[size_class];
  ASAN_POISON_MEMORY_REGION(block, bytes_of(size_class));
}

/// In a thread that has taken none before, or that is ending.
[[gnu::noinline]] void keep_or_give_back(void* memory, std::size_t size_class) noexcept {
  if (local.sweeps == sweep::over) return ::operator delete(memory);
  sweep_at_thread_end();
  keep(memory, size_class);
}

}  // namespace

void* recycler::allocate(std::size_t bytes) {
  const std::size_t size_class = class_of(bytes);
  if (size_class >= classes) return ::operator new(bytes);
  free_block* block = local.head[size_class];
  if (block == nullptr) return from_heap(bytes_of(size_class));
  ASAN_UNPOISON_MEMORY_REGION(block, bytes_of(size_class));
  local.head[size_class] = block->next;
  --local.kept[size_class];
  return block;
}

void recycler::deallocate(void* memory, std::size_t bytes) noexcept {
  const std::size_t size_class = class_of(bytes);
  if (size_class >= classes || local.kept[size_class] == blocks_per_class)
    return ::operator delete(memory);
  if (local.sweeps != sweep::at_thread_end) [[unlikely]]
    return keep_or_give_back(memory, size_class);
  keep(memory, size_class);
}

}  // namespace carousel::detail
