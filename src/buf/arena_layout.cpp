#include "buf/arena_layout.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "buf/arena_storage.hpp"

namespace carousel::detail {
namespace {

constexpr std::size_t small_align_min = 64;

/// Each class starts on a page, so that the stride alone decides the alignment.
[[nodiscard]] std::size_t next_page(std::size_t at) noexcept {
  return (at + page_bytes - 1) / page_bytes * page_bytes;
}

}  // namespace

bool is_buffer_capacity(std::size_t bytes) noexcept {
  return bytes != 0 && bytes <= fixed_buffer_bytes_max;
}

std::size_t stride_of(std::size_t capacity) noexcept {
  const std::size_t align =
      std::min(page_bytes, std::bit_ceil(std::max(capacity, small_align_min)));
  return (capacity + align - 1) / align * align;
}

result<laid_out> lay_out(std::span<const buf_class> classes, const pool_options& options) {
  std::size_t count = 0;
  std::size_t bytes = 0;
  for (const buf_class& c : classes) {
    if (!is_buffer_capacity(c.capacity)) return std::unexpected(make_error_code(errc::bad_buffer));
    if (c.count > fixed_buffers_max - count)
      return std::unexpected(make_error_code(errc::too_many_buffers));
    count += c.count;
    bytes = next_page(bytes) + c.count * stride_of(c.capacity);
  }
  if (count == 0) return std::unexpected(make_error_code(errc::bad_buffer));
  auto memory = arena::make(bytes, options.huge);
  if (!memory) return std::unexpected(memory.error());
  if (!options.dump) (void)madvise(memory->bytes().data(), memory->bytes().size(), MADV_DONTDUMP);

  laid_out made;
  made.buffers.reserve(count);
  std::size_t at = 0;
  for (const buf_class& c : classes) {
    at = next_page(at);
    for (std::size_t i = 0; i < c.count; ++i, at += stride_of(c.capacity)) {
      made.buffers.push_back(
          {.data = memory->bytes().data() + at, .capacity = c.capacity, .initialized = 0});
    }
  }
  made.storage = std::make_unique<arena_storage>(std::move(*memory));
  return made;
}

}  // namespace carousel::detail
