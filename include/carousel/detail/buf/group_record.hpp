#pragma once

#include <cstddef>
#include <cstdint>

#include "carousel/detail/base/recycler.hpp"
#include "carousel/detail/buf/buf_collection.hpp"

namespace carousel::detail {

/// Buffers of one class that streams have among themselves. Idle ones are lent: they stand in the
/// group's own list and nobody else takes them. Streams that find none wait in its line, in order.
///
/// A buffer that comes back, the group's or another of the class, goes to whoever waits for one in
/// the pool, then to a group that has fewer than it was made with, then to the pool. When the last
/// handle and the last stream of a group are gone its buffers are the pool's again.
class group_record : public recycled, public list_hook<group_tag> {
 public:
  /// Errors: pool_closed, no_such_capacity, invalid_argument (no buffer, or more than the class
  /// has). Throws std::bad_alloc.
  [[nodiscard]] static result<group_record*> make(collection_ref pool, std::size_t capacity,
                                                  std::size_t count);
  group_record(const group_record&) = delete;
  group_record& operator=(const group_record&) = delete;

  void retain() noexcept { ++refs_; }
  void release() noexcept {
    if (--refs_ == 0) delete this;
  }
  [[nodiscard]] buf_collection& pool() const noexcept { return *pool_.operator->(); }
  [[nodiscard]] buf_size_class& buffers() noexcept { return buffers_; }
  [[nodiscard]] std::uint32_t wanted() const noexcept { return wanted_; }
  /// It has fewer than it was made with.
  [[nodiscard]] bool misses_some() const noexcept {
    return buffers_.total - buffers_.quarantined < wanted_;
  }

 private:
  group_record(collection_ref pool, buf_size_class& of, std::uint32_t wanted) noexcept;
  ~group_record();

  std::uint32_t refs_ = 1;
  std::uint32_t wanted_;
  collection_ref pool_;
  buf_size_class buffers_;
};

/// A counted reference to a group.
class group_ref {
 public:
  explicit group_ref(group_record* adopted) noexcept : g_(adopted) {}
  group_ref(const group_ref& other) noexcept : g_(other.g_) {
    if (g_ != nullptr) g_->retain();
  }
  group_ref(group_ref&& other) noexcept : g_(std::exchange(other.g_, nullptr)) {}
  group_ref& operator=(group_ref other) noexcept {
    std::swap(g_, other.g_);
    return *this;
  }
  ~group_ref() {
    if (g_ != nullptr) g_->release();
  }
  group_record* operator->() const noexcept {
    CAROUSEL_ASSERT(g_ != nullptr, "this group was moved from");
    return g_;
  }

 private:
  group_record* g_;
};

}  // namespace carousel::detail
