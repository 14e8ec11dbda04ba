#include "carousel/detail/io/transfer.hpp"

#include <algorithm>
#include <cerrno>

#include "driver/ring_driver.hpp"

namespace carousel::detail {

bool is_aligned(const descriptor& file, position at, const std::byte* data,
                std::size_t bytes) noexcept {
  return reinterpret_cast<std::uintptr_t>(data) % file.memory_align == 0 &&
         bytes % file.offset_align == 0 && (!at.given() || at.value() % file.offset_align == 0);
}

namespace {

/// Beyond it the ring is no slower, and others would wait longer.
constexpr std::size_t inline_bytes_max = 64UL << 10U;
/// Where the part of a file that is in the page cache may end.
constexpr std::uint64_t page_bytes = 4096;

/// What a call that did not wait says of the whole read: a page that is not in the cache cuts it
/// short as the end of the file does, but only at the end of a page.
[[nodiscard]] bool is_whole(std::int32_t n, std::size_t wanted, std::uint64_t at) noexcept {
  const auto count = static_cast<std::size_t>(n);
  return count == wanted || count == 0 || (at + count) % page_bytes != 0;
}

/// The current position is none: it would have moved by what came in part.
[[nodiscard]] bool may_be_inline(const descriptor& file, std::size_t bytes,
                                 std::uint64_t at) noexcept {
  return file.fd >= 0 && bytes <= inline_bytes_max && static_cast<std::int64_t>(at) >= 0;
}

}  // namespace

std::int32_t read_inline(driver& io, descriptor& file, std::span<std::byte> into, std::uint64_t at,
                         std::int32_t& came) noexcept {
  if (!may_be_inline(file, into.size(), at) || file.attempts.skips()) return ext::not_attempted;
  const std::int32_t n = ring_driver::of(io).kernel().read_now(file.fd, into, at);
  if (n >= 0 && is_whole(n, into.size(), at)) {
    file.attempts.hit();
    return n;
  }
  if (n >= 0 || n == -EAGAIN) {
    file.attempts.miss();
    came = std::max(n, 0);
  } else {  // the ring says what is wrong with it, if anything is
    file.attempts.forbid();
  }
  return ext::not_attempted;
}

std::int32_t write_inline(driver& io, descriptor& file, std::span<const std::byte> from,
                          std::uint64_t at) noexcept {
  if (!may_be_inline(file, from.size(), at)) return ext::not_attempted;
  const std::int32_t n = ring_driver::of(io).kernel().write_now(file.fd, from, at);
  if (n == -ESPIPE) file.attempts.forbid();
  return n == -EAGAIN || n == -EINTR || n == -ESPIPE ? ext::not_attempted : n;
}

}  // namespace carousel::detail
