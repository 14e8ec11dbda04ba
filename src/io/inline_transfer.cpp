#include "carousel/detail/io/inline_transfer.hpp"

#include <algorithm>
#include <cerrno>

#include "driver/ring_driver.hpp"

namespace carousel::detail {
namespace {

/// Where the part of a file that is in the page cache may end.
constexpr std::uint64_t page_bytes = 4096;

}  // namespace

std::int32_t read_indirectly(driver& io, const descriptor& file, std::span<std::byte> into,
                             std::uint64_t at) noexcept {
  return ring_driver::of(io).kernel().read_now(file.fd, into, at);
}

/// A page that is not in the cache cuts a read short as the end of the file does, but only at the
/// end of a page.
std::int32_t judge_read(descriptor& file, std::int32_t n, std::size_t wanted, std::uint64_t at,
                        std::int32_t& came) noexcept {
  const auto count = static_cast<std::size_t>(n);
  if (n >= 0 && (count == wanted || count == 0 || (at + count) % page_bytes != 0)) {
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
