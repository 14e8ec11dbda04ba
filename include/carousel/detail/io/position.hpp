#pragma once

#include <cstddef>
#include <cstdint>

#include "carousel/detail/base/request.hpp"

namespace carousel::detail {

/// Where a transfer goes in its file.
class position {
 public:
  /// An offset in bytes.
  position(std::uint64_t offset) noexcept  // NOLINT(google-explicit-constructor): an offset is one
      : value_(offset != current_position ? offset : current_position - 1) {}
  [[nodiscard]] static position current() noexcept {
    position here(0);
    here.value_ = current_position;
    return here;
  }

  /// What the kernel takes.
  [[nodiscard]] std::uint64_t value() const noexcept { return value_; }
  [[nodiscard]] bool given() const noexcept { return value_ != current_position; }
  /// An offset beyond 2^63 - 1 is the caller's mistake.
  [[nodiscard]] bool valid() const noexcept { return static_cast<std::int64_t>(value_) >= -1; }
  [[nodiscard]] position advanced(std::size_t n) const noexcept {
    return given() ? position(value_ + n) : *this;
  }

 private:
  std::uint64_t value_;
};

/// A transfer of all of its buffer at an offset in bytes. A type of its own, because there is
/// nothing to compute.
struct whole {
  std::uint64_t at;
  static constexpr std::size_t skip = 0;

  [[nodiscard]] std::uint64_t value() const noexcept { return at; }
  [[nodiscard]] bool valid() const noexcept { return static_cast<std::int64_t>(at) >= 0; }
};
/// A transfer at a position, without the first `skip` bytes of its buffer, which are done already.
struct part {
  position at;
  std::size_t skip = 0;

  [[nodiscard]] std::uint64_t value() const noexcept { return at.value(); }
  [[nodiscard]] bool valid() const noexcept { return at.valid(); }
};

/// All of it at the current position, where streams have no other.
[[nodiscard]] inline part from_here() noexcept { return {position::current()}; }

}  // namespace carousel::detail
