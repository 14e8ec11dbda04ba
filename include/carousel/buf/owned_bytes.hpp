#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <utility>

#include "carousel/buf/io_buf.hpp"
#include "carousel/detail/base/assert.hpp"

namespace carousel {

namespace detail {

struct aligned_release {
  std::size_t alignment = 0;
  void operator()(std::byte* p) const noexcept {
    ::operator delete(p, std::align_val_t{alignment});
  }
};

}  // namespace detail

/// Heap bytes with a capacity and a size, not initialised, aligned for O_DIRECT. Move-only; the
/// bytes stay where they are.
class owned_bytes {
 public:
  static constexpr std::size_t default_alignment = 4096;

  owned_bytes() = default;
  /// `alignment` in bytes, a power of two. Throws std::bad_alloc.
  [[nodiscard]] static owned_bytes with_capacity(std::size_t capacity,
                                                 std::size_t alignment = default_alignment) {
    return {capacity, alignment};
  }
  owned_bytes(const owned_bytes&) = delete;  // bytes have one owner: write std::move(bytes)
  owned_bytes& operator=(const owned_bytes&) = delete;
  owned_bytes(owned_bytes&& other) noexcept
      : data_(std::move(other.data_)),
        capacity_(std::exchange(other.capacity_, 0)),
        size_(std::exchange(other.size_, 0)) {}
  owned_bytes& operator=(owned_bytes&& other) noexcept {
    data_ = std::move(other.data_);
    capacity_ = std::exchange(other.capacity_, 0);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }
  ~owned_bytes() = default;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] std::byte* data() noexcept { return data_.get(); }
  [[nodiscard]] const std::byte* data() const noexcept { return data_.get(); }
  /// The valid bytes.
  [[nodiscard]] std::span<std::byte> bytes() noexcept { return {data_.get(), size_}; }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {data_.get(), size_}; }
  /// What can still be filled; tell commit() about it.
  [[nodiscard]] std::span<std::byte> spare() noexcept {
    return {data_.get() + size_, capacity_ - size_};
  }
  void commit(std::size_t n) {
    CAROUSEL_ASSERT_AT_MOST(n, capacity_ - size_, "commit() takes at most the bytes of spare()");
    size_ += n;
  }
  void clear() noexcept { size_ = 0; }

 private:
  friend struct buf_traits<owned_bytes>;
  owned_bytes(std::size_t capacity, std::size_t alignment)
      : data_(static_cast<std::byte*>(::operator new(capacity, std::align_val_t{alignment})),
              detail::aligned_release{alignment}),
        capacity_(capacity) {}

  std::unique_ptr<std::byte, detail::aligned_release> data_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
};

template <>
struct buf_traits<owned_bytes> {
  static constexpr bool stable_address = true;
  static std::byte* data(owned_bytes& b) noexcept { return b.data(); }
  static const std::byte* data(const owned_bytes& b) noexcept { return b.data(); }
  static std::size_t size(const owned_bytes& b) noexcept { return b.size_; }
  static std::size_t capacity(const owned_bytes& b) noexcept { return b.capacity_; }
  static void set_size(owned_bytes& b, std::size_t n) noexcept { b.size_ = n; }
};
static_assert(io_buf_mut<owned_bytes>);

}  // namespace carousel
