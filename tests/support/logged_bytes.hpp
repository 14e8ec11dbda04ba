#pragma once

#include <carousel/buf/io_buf.hpp>

#include <cstddef>
#include <memory>
#include <vector>

#include "support/logged.hpp"

namespace carousel::test {

/// A buffer of the user's own type, that tells when its memory ends.
struct logged_bytes {
  logged_bytes(std::size_t capacity, int& ended) : bytes(capacity), mark(ended) {}

  std::vector<std::byte> bytes;
  std::size_t filled = 0;
  logged mark;
};

}  // namespace carousel::test

template <>
struct carousel::buf_traits<carousel::test::logged_bytes> {
  using buffer = carousel::test::logged_bytes;
  static constexpr bool stable_address = true;
  static std::byte* data(buffer& b) noexcept { return b.bytes.data(); }
  static const std::byte* data(const buffer& b) noexcept { return b.bytes.data(); }
  static std::size_t size(const buffer& b) noexcept { return b.filled; }
  static std::size_t capacity(const buffer& b) noexcept { return b.bytes.size(); }
  static void set_size(buffer& b, std::size_t n) noexcept { b.filled = n; }
};
static_assert(carousel::io_buf_mut<carousel::test::logged_bytes>);
