#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include "carousel/buf/io_buf.hpp"
#include "carousel/detail/base/assert.hpp"

namespace carousel {

inline constexpr std::size_t npos = static_cast<std::size_t>(-1);

/// An owned view [begin, end) of a buffer: a read starts at begin, fills up to end, and sets the
/// buffer's size to begin + n; a write sends [begin, min(end, size)). The buffer is inside;
/// into_inner() gives it back. Slices do not nest.
template <io_buf B>
class buf_slice {
  using traits = buf_traits<B>;

 public:
  /// Asserts begin <= size and begin <= end <= capacity of the buffer; `end` may be npos for the
  /// capacity.
  buf_slice(B buf, std::size_t begin, std::size_t end = npos) noexcept
      : buf_(std::move(buf)), begin_(begin), end_(end == npos ? traits::capacity(buf_) : end) {
    CAROUSEL_ASSERT_AT_MOST(begin_, traits::size(buf_),
                            "a slice begins inside the valid bytes: begin <= size()");
    CAROUSEL_ASSERT_AT_MOST(begin_, end_, "a slice ends after it begins: begin <= end");
    CAROUSEL_ASSERT_AT_MOST(end_, traits::capacity(buf_),
                            "a slice ends inside the buffer: end <= capacity()");
  }

  [[nodiscard]] std::size_t begin_offset() const noexcept { return begin_; }
  [[nodiscard]] std::size_t end_offset() const noexcept { return end_; }
  /// The valid bytes of the view.
  [[nodiscard]] std::size_t size() const noexcept {
    return std::max(begin_, std::min(end_, traits::size(buf_))) - begin_;
  }
  [[nodiscard]] std::size_t capacity() const noexcept { return end_ - begin_; }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
    return {traits::data(buf_) + begin_, size()};
  }

  [[nodiscard]] const B& inner() const noexcept { return buf_; }
  [[nodiscard]] B into_inner() && noexcept { return std::move(buf_); }

 private:
  friend struct buf_traits<buf_slice>;
  B buf_;
  std::size_t begin_;
  std::size_t end_;
};

template <io_buf B>
struct buf_traits<buf_slice<B>> {
  static constexpr bool stable_address = true;
  static const std::byte* data(const buf_slice<B>& s) noexcept {
    return buf_traits<B>::data(s.buf_) + s.begin_;
  }
  static std::byte* data(buf_slice<B>& s) noexcept
    requires io_buf_mut<B>
  {
    return buf_traits<B>::data(s.buf_) + s.begin_;
  }
  static std::size_t size(const buf_slice<B>& s) noexcept { return s.size(); }
  static std::size_t capacity(const buf_slice<B>& s) noexcept { return s.capacity(); }
  static void set_size(buf_slice<B>& s, std::size_t n) noexcept
    requires io_buf_mut<B>
  {
    buf_traits<B>::set_size(s.buf_, s.begin_ + n);
  }
};

/// A view of any buffer but a lease, which has a member for it: slice(std::move(v), 100, 200).
template <io_buf B>
[[nodiscard]] buf_slice<B> slice(B buf, std::size_t begin, std::size_t end = npos) noexcept {
  return buf_slice<B>(std::move(buf), begin, end);
}

}  // namespace carousel
