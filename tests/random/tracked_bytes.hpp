#pragma once

#include <carousel/buf/io_buf.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

#include "fake/memory.hpp"

namespace carousel::random_test {

/// A buffer whose memory the fake kernel knows for as long as it lives.
class tracked_bytes {
 public:
  explicit tracked_bytes(std::size_t capacity)
      : bytes_(std::make_unique<std::byte[]>(capacity)), capacity_(capacity) {
    fake::declared_memory::declare(bytes_.get(), capacity);
  }
  tracked_bytes(tracked_bytes&& other) noexcept
      : bytes_(std::move(other.bytes_)),
        capacity_(std::exchange(other.capacity_, 0)),
        size_(std::exchange(other.size_, 0)) {}
  tracked_bytes& operator=(tracked_bytes&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(capacity_, other.capacity_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~tracked_bytes() {
    if (bytes_ != nullptr) fake::declared_memory::forget(bytes_.get());
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] std::byte* data() const noexcept { return bytes_.get(); }
  [[nodiscard]] std::span<std::byte> bytes() const noexcept { return {bytes_.get(), size_}; }
  [[nodiscard]] std::span<std::byte> all() const noexcept { return {bytes_.get(), capacity_}; }
  void set_size(std::size_t n) noexcept { size_ = n; }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t capacity_;
  std::size_t size_ = 0;
};

}  // namespace carousel::random_test

template <>
struct carousel::buf_traits<carousel::random_test::tracked_bytes> {
  using buffer = carousel::random_test::tracked_bytes;
  static constexpr bool stable_address = true;
  static std::byte* data(buffer& b) noexcept { return b.data(); }
  static const std::byte* data(const buffer& b) noexcept { return b.data(); }
  static std::size_t size(const buffer& b) noexcept { return b.size(); }
  static std::size_t capacity(const buffer& b) noexcept { return b.capacity(); }
  static void set_size(buffer& b, std::size_t n) noexcept { b.set_size(n); }
};
static_assert(carousel::io_buf_mut<carousel::random_test::tracked_bytes>);
