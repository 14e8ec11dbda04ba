#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "carousel/detail/base/recycler.hpp"
#include "carousel/result.hpp"

namespace carousel::detail {

/// One path or two, copied for the kernel to read: they stay where they are when the block is
/// moved.
class path_block {
 public:
  path_block() = default;
  /// Throws std::bad_alloc. What check() refuses is not copied.
  explicit path_block(std::string_view first, std::string_view second = {});
  path_block(path_block&& other) noexcept
      : memory_(std::exchange(other.memory_, nullptr)),
        bytes_(other.bytes_),
        second_at_(other.second_at_),
        error_(other.error_) {}
  path_block& operator=(path_block&&) = delete;
  ~path_block() {
    if (memory_ != nullptr) recycler::deallocate(memory_, bytes_);
  }

  /// Errors: filename_too_long, invalid_argument for a NUL inside.
  [[nodiscard]] failure_code check() const noexcept { return error_; }
  /// Addresses of strings that end with NUL.
  [[nodiscard]] std::uint64_t first() const noexcept {
    return reinterpret_cast<std::uintptr_t>(memory_);
  }
  [[nodiscard]] std::uint64_t second() const noexcept { return first() + second_at_; }
  /// The same for us; empty where there is none.
  [[nodiscard]] const char* first_text() const noexcept {
    return memory_ != nullptr ? memory_ : "";
  }
  [[nodiscard]] const char* second_text() const noexcept {
    return memory_ != nullptr ? memory_ + second_at_ : "";
  }

 private:
  char* memory_ = nullptr;
  std::uint32_t bytes_ = 0;
  std::uint32_t second_at_ = 0;
  failure_code error_ = 0;
};

}  // namespace carousel::detail
