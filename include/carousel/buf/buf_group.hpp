#pragma once

#include <cstddef>
#include <utility>

#include "carousel/detail/buf/group_record.hpp"

namespace carousel {

namespace detail {
struct group_access;
}  // namespace detail

/// Buffers of a pool that many connections read into in turn: fixed_buf_pool::group(). A
/// receive_stream takes one when there is something to read, and not while it waits: a few buffers
/// do for thousands of connections, most of which are idle.
///
/// A value is a handle: copies are the same group. While it has buffers that nobody uses they are
/// lent to it (fixed_buf_pool::lent()), and neither next() nor try_next() of the pool takes them. A
/// buffer that comes back goes to whoever waits in next() first, then to the streams of a group
/// that wait for one, in the order in which they began to, then to a group that has fewer than it
/// was made with. When the last handle and the last stream are gone all are the pool's again.
///
/// It works without a registration and without a runtime, as the pool does. Not thread-safe.
class buf_group {
 public:
  [[nodiscard]] std::size_t capacity() const noexcept { return group_->buffers().capacity; }
  /// The number of buffers that it was made with.
  [[nodiscard]] std::size_t count() const noexcept { return group_->wanted(); }

 private:
  friend class fixed_buf_pool;
  friend struct detail::group_access;
  explicit buf_group(detail::group_record* adopted) noexcept : group_(adopted) {}

  detail::group_ref group_;
};

namespace detail {

/// What a stream asks a group.
struct group_access {
  [[nodiscard]] static const group_ref& of(const buf_group& group) noexcept { return group.group_; }
};

}  // namespace detail
}  // namespace carousel
