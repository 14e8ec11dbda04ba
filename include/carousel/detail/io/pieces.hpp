#pragma once

#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "carousel/buf/io_buf.hpp"

namespace carousel::detail {

enum class direction : std::uint8_t { read, write };

/// What an operation takes: any buffer, which the kernel gets by its address, or one of a
/// collection, which it gets by its index where it is registered.
enum class buffer_kind : std::uint8_t { any, fixed };

/// The most buffers of one transfer, the kernel's limit.
inline constexpr std::size_t pieces_max = 1024;

/// What a transfer of all of the buffer moves.
template <direction D, io_buf B>
[[nodiscard]] std::size_t bytes_of(const B& b) noexcept {
  return D == direction::read ? buf_traits<B>::capacity(b) : buf_traits<B>::size(b);
}
template <direction D, io_buf B>
[[nodiscard]] std::size_t bytes_of(const std::vector<B>& buffers) noexcept {
  std::size_t sum = 0;
  for (const B& b : buffers) sum += bytes_of<D>(b);
  return sum;
}

/// The same without the first `skip` bytes; SIZE_MAX where one request cannot ask for all pieces.
template <direction D, io_buf B>
[[nodiscard]] std::size_t bytes_behind(const std::vector<B>& buffers, std::size_t skip) noexcept {
  std::size_t sum = 0;
  std::size_t pieces = 0;
  for (const B& b : buffers) {
    sum += bytes_of<D>(b);
    if (sum > skip && bytes_of<D>(b) != 0) ++pieces;
  }
  return pieces > pieces_max ? SIZE_MAX : sum - skip;
}

/// Calls f(data, bytes) for what is to be moved behind the first `skip` bytes, of at most
/// pieces_max buffers.
template <direction D, io_buf B, class F>
void for_each_piece(const std::vector<B>& buffers, std::size_t skip, F f) {
  std::size_t pieces = 0;
  for (const B& b : buffers) {
    const std::size_t all = bytes_of<D>(b);
    const std::size_t before = std::min(skip, all);
    skip -= before;
    if (before == all) continue;
    // An iovec has no const.
    f(const_cast<std::byte*>(buf_traits<B>::data(b)) + before, all - before);
    if (++pieces == pieces_max) return;
  }
}

/// One buffer as several.
template <direction D, io_buf B, class F>
void for_each_piece(const B& buffer, std::size_t, F f) {
  f(const_cast<std::byte*>(buf_traits<B>::data(buffer)), bytes_of<D>(buffer));
}

/// How many iovecs there may be.
template <io_buf B>
[[nodiscard]] std::size_t pieces_of(const B&) noexcept {
  return 1;
}
template <io_buf B>
[[nodiscard]] std::size_t pieces_of(const std::vector<B>& buffers) noexcept {
  return std::min(buffers.size(), pieces_max);
}
/// Writes what is to be moved to the room for pieces_of() iovecs. Gives how many there are.
template <direction D, class R>
std::size_t write_iovecs(iovec* to, const R& buffers, std::size_t skip) noexcept {
  iovec* next = to;
  for_each_piece<D>(buffers, skip, [&](std::byte* data, std::size_t bytes) {
    *next++ = {.iov_base = data, .iov_len = bytes};
  });
  return static_cast<std::size_t>(next - to);
}

/// A read has filled the buffers in turn with `n` bytes.
template <io_buf_mut B>
void spread_fill(std::vector<B>& buffers, std::size_t n) noexcept {
  for (B& b : buffers) {
    const std::size_t mine = std::min(n, buf_traits<B>::capacity(b));
    buf_traits<B>::set_size(b, mine);
    n -= mine;
  }
}
template <io_buf_mut B>
void spread_fill(B& buffer, std::size_t n) noexcept {
  buf_traits<B>::set_size(buffer, n);
}

}  // namespace carousel::detail
