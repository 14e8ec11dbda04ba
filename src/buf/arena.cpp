#include "carousel/buf/arena.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <cstdint>

namespace carousel {
namespace {

constexpr std::size_t page_bytes = 4096;
constexpr std::size_t huge_page_bytes = std::size_t{2} << 20U;

constexpr std::size_t round_up(std::size_t bytes, std::size_t to) {
  return (bytes + to - 1) / to * to;
}

}  // namespace

result<arena> arena::make(std::size_t bytes, huge_pages huge) {
  const bool wants_huge = huge == huge_pages::transparent;
  const std::size_t step = wants_huge ? huge_page_bytes : page_bytes;
  if (bytes > SIZE_MAX - 2 * huge_page_bytes)
    return std::unexpected(make_error_code(std::errc::not_enough_memory));
  const std::size_t size = round_up(bytes, step);
  // A mapping starts on an ordinary page, so a huge one is cut out of a larger reservation.
  const std::size_t reserved = wants_huge ? size + huge_page_bytes : size;
  void* mapped = mmap(nullptr, reserved, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return std::unexpected(detail::kernel_error(-errno));
  auto* first = static_cast<std::byte*>(mapped);
  if (wants_huge) {
    const std::size_t lead = round_up(reinterpret_cast<std::uintptr_t>(first), step) -
                             reinterpret_cast<std::uintptr_t>(first);
    if (lead != 0) munmap(first, lead);
    first += lead;
    if (lead != huge_page_bytes) munmap(first + size, huge_page_bytes - lead);
    (void)madvise(first, size, MADV_HUGEPAGE);
  }
  return arena(std::span(first, size));
}

arena::~arena() {
  if (!memory_.empty()) munmap(memory_.data(), memory_.size());
}

}  // namespace carousel
