#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include "carousel/buf/buf_slice.hpp"
#include "carousel/buf/handed_buf.hpp"
#include "carousel/detail/buf/buf_collection.hpp"

namespace carousel {

/// A lease: the unique owner of one buffer of a pool or registry for as long as it is checked out.
/// Move-only; the destructor checks the buffer in. It keeps the collection's memory alive, so it
/// may outlive the pool and the runtime. An operation that is given the lease owns it until the
/// kernel is done with it, whatever happens to the coroutine.
///
/// size() is the fill: the bytes that are valid now. A new lease has size() == 0 whatever an
/// earlier user left behind; reads and appends set it, and a write sends size() bytes.
class fixed_buf {
 public:
  fixed_buf(const fixed_buf&) = delete;  // a lease has one owner: write std::move(lease)
  fixed_buf& operator=(const fixed_buf&) = delete;
  fixed_buf(fixed_buf&& other) noexcept : entry_(std::exchange(other.entry_, nullptr)) {}
  fixed_buf& operator=(fixed_buf&& other) noexcept {
    if (this != &other) reset(std::exchange(other.entry_, nullptr));
    return *this;
  }
  ~fixed_buf() {
    if (entry_ != nullptr) entry_->owner->check_in(*entry_);
  }

  /// Position in the collection, in the order of the input, from 0.
  [[nodiscard]] std::uint16_t index() const noexcept { return entry().index; }
  [[nodiscard]] std::size_t capacity() const noexcept { return entry().capacity; }
  [[nodiscard]] std::size_t size() const noexcept { return entry().size; }
  /// High-water mark of bytes ever written in this buffer, by any user of it.
  [[nodiscard]] std::size_t initialized() const noexcept { return entry().initialized; }

  [[nodiscard]] std::span<std::byte> bytes() noexcept { return {entry().data, size()}; }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {entry().data, size()}; }
  /// What can still be filled; tell commit() about it. Its content is unspecified: zeroes, or what
  /// an earlier user left.
  [[nodiscard]] std::span<std::byte> spare() noexcept {
    return {entry().data + size(), capacity() - size()};
  }
  /// n bytes of spare() were written.
  void commit(std::size_t n) noexcept {
    CAROUSEL_ASSERT_AT_MOST(n, capacity() - size(), "commit() takes at most the bytes of spare()");
    entry().set_size(size() + n);
  }

  void clear() noexcept { entry().set_size(0); }
  /// Growing fills with zeroes. Asserts n <= capacity().
  void resize(std::size_t n) noexcept {
    CAROUSEL_ASSERT_AT_MOST(n, capacity(), "resize() goes up to capacity()");
    if (n > size()) std::memset(entry().data + size(), 0, n - size());
    entry().set_size(n);
  }
  /// Asserts that the bytes fit.
  void append(std::span<const std::byte> more) noexcept {
    CAROUSEL_ASSERT_AT_MOST(more.size(), capacity() - size(),
                            "append() does not go beyond capacity()");
    if (!more.empty()) std::memcpy(entry().data + size(), more.data(), more.size());
    entry().set_size(size() + more.size());
  }

  /// The view [begin, end) of this buffer; asserts begin <= size() and begin <= end <= capacity().
  template <class B = fixed_buf>  // the class is not complete here
  [[nodiscard]] buf_slice<B> slice(std::size_t begin, std::size_t end = npos) && {
    return buf_slice<B>(std::move(*this), begin, end);
  }

  /// Gives the lease to whoever is to have it on another thread, or longer than this thread knows.
  /// Allocates nothing but the first time in a pool, and the first time that somebody waits in it
  /// meanwhile, who is to hear of the check-in: throws std::bad_alloc then, or std::system_error
  /// where no eventfd can be had for that, and the lease is what it was.
  [[nodiscard]] handed_buf hand_over() && {
    entry().owner->hand_over(entry());
    return handed_buf(*std::exchange(entry_, nullptr));
  }
  CAROUSEL_REFUSED("hand_over() takes the lease: std::move(x).hand_over()")
  handed_buf hand_over() const&;

 private:
  friend struct buf_traits<fixed_buf>;
  friend class fixed_buf_pool;
  friend class fixed_buf_registry;
  friend class next_operation;
  friend struct detail::fixed_access;

  /// Adopts the collection's reference that lending the buffer took.
  explicit fixed_buf(detail::buf_entry& lent) noexcept : entry_(&lent) {}

  void reset(detail::buf_entry* next) noexcept {
    if (detail::buf_entry* last = std::exchange(entry_, next); last != nullptr)
      last->owner->check_in(*last);
  }
  [[nodiscard]] detail::buf_entry& entry() const noexcept {
    CAROUSEL_ASSERT(entry_ != nullptr,
                    "this fixed_buf was moved from: its buffer is somewhere else");
    return *entry_;
  }

  detail::buf_entry* entry_;
};

template <>
struct buf_traits<fixed_buf> {
  static constexpr bool stable_address = true;
  static std::byte* data(const fixed_buf& b) noexcept { return b.entry().data; }
  static std::size_t size(const fixed_buf& b) noexcept { return b.size(); }
  static std::size_t capacity(const fixed_buf& b) noexcept { return b.entry().capacity; }
  static void set_size(fixed_buf& b, std::size_t n) noexcept { b.entry().set_size(n); }
};
static_assert(io_buf_mut<fixed_buf>);

}  // namespace carousel
