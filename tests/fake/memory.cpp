#include "fake/memory.hpp"

#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <iterator>

#include "base/sanitizers.hpp"

#if defined(CAROUSEL_ADDRESS_SANITIZER)
#include <sanitizer/asan_interface.h>
#endif

namespace carousel::fake {
namespace {

struct [[gnu::packed, gnu::may_alias]] unaligned_word {
  std::uint64_t value;
};

struct declaration {
  std::size_t bytes;
  std::uint64_t number;
};

struct table {
  std::map<std::uintptr_t, declaration> ranges;
  std::uint64_t last = 0;
};

table& declarations() {
  static table all;
  return all;
}

std::uintptr_t address_of(const void* p) noexcept { return reinterpret_cast<std::uintptr_t>(p); }

/// The pages that a range touches.
struct page_range {
  void* begin;
  std::size_t bytes;
  page_range(const void* first, std::size_t n) noexcept {
    const auto page_size = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
    const std::uintptr_t start = address_of(first) / page_size * page_size;
    begin = reinterpret_cast<void*>(start);
    bytes = address_of(first) + n - start;
  }
};

}  // namespace

void declared_memory::declare(const void* first, std::size_t bytes) {
  table& all = declarations();
  all.ranges[address_of(first)] = {.bytes = bytes, .number = ++all.last};
}

void declared_memory::forget(const void* first) noexcept {
  declarations().ranges.erase(address_of(first));
}

std::uint64_t declared_memory::find(const void* first, std::size_t bytes) noexcept {
  const auto& ranges = declarations().ranges;
  auto after = ranges.upper_bound(address_of(first));
  if (after == ranges.begin()) return 0;
  const auto& [begin, declared] = *--after;
  return address_of(first) + bytes <= begin + declared.bytes ? declared.number : 0;
}

bool is_mapped(const void* first, std::size_t bytes) noexcept {
  if (bytes == 0) return true;
  const page_range pages(first, bytes);
  return msync(pages.begin, pages.bytes, MS_ASYNC) == 0;
}

bool is_writable(const void* first, std::size_t bytes) noexcept {
  const page_range pages(first, bytes);
  return madvise(pages.begin, pages.bytes, MADV_POPULATE_WRITE) == 0;
}

bool is_poisoned([[maybe_unused]] const void* first, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(CAROUSEL_ADDRESS_SANITIZER)
  // The interface takes a pointer to what it may not change.
  return bytes != 0 && __asan_region_is_poisoned(const_cast<void*>(first), bytes) != nullptr;
#else
  return false;
#endif
}

[[gnu::no_sanitize_address, gnu::noinline]] void copy_bytes(std::byte* to, const std::byte* from,
                                                            std::size_t bytes) noexcept {
  for (std::size_t i = 0; i < bytes; ++i) {
    to[i] = from[i];
    asm volatile("" ::: "memory");  // or it becomes a call that AddressSanitizer watches
  }
}

void copy_bytes_if_mapped(std::byte* to, const std::byte* from, std::size_t bytes) noexcept {
  const iovec source{.iov_base = const_cast<std::byte*>(from), .iov_len = bytes};  // only read
  const iovec target{.iov_base = to, .iov_len = bytes};
  (void)process_vm_writev(getpid(), &source, 1, &target, 1, 0);
}

[[gnu::no_sanitize_address, gnu::noinline]] std::uint64_t fingerprint(
    std::span<const iovec> pieces) noexcept {
  std::uint64_t h = 0xcbf29ce484222325;
  for (const iovec& piece : pieces) {
    const auto* at = static_cast<const std::byte*>(piece.iov_base);
    std::size_t left = piece.iov_len;
    for (; left >= sizeof h; left -= sizeof h, at += sizeof h) {
      const auto* word = reinterpret_cast<const unaligned_word*>(at);
      h = (h ^ word->value) * 0x100000001b3;
      h ^= h >> 29U;
    }
    for (; left > 0; --left, ++at) h = (h ^ static_cast<std::uint64_t>(*at)) * 0x100000001b3;
  }
  return h;
}

std::uint64_t lent_memory::holder(const void* first, std::size_t bytes) const noexcept {
  if (bytes == 0) return 0;
  const std::uintptr_t begin = address_of(first);
  const auto after = loans_.upper_bound(begin);
  if (after != loans_.end() && after->first < begin + bytes) return after->second.operation;
  if (after == loans_.begin()) return 0;
  const loan& before = std::prev(after)->second;
  return before.end > begin ? before.operation : 0;
}

std::uint64_t lent_memory::lend(const iovec& piece, std::uint64_t operation) {
  if (piece.iov_len == 0) return 0;
  if (const std::uint64_t other = holder(piece.iov_base, piece.iov_len); other != 0) return other;
  const std::uintptr_t begin = address_of(piece.iov_base);
  loans_[begin] = {.end = begin + piece.iov_len, .operation = operation};
  return 0;
}

void lent_memory::give_back(const iovec& piece) noexcept {
  if (piece.iov_len != 0) loans_.erase(address_of(piece.iov_base));
}

}  // namespace carousel::fake
