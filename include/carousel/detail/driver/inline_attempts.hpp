#pragma once

#include "carousel/config.hpp"

#include <cstdint>

namespace carousel::detail {

/// Whether transfers of one open file are tried with a system call of the loop's own before they go
/// to the ring, and what that has brought so far. A read that finds its bytes in the page cache is
/// over sooner so; where it does not find them the call was in vain, hence each miss doubles the
/// number of reads that are not tried.
class inline_attempts {
 public:
  /// Reads, where the loop has nothing to keep waiting. Never before; not for O_DIRECT, where the
  /// call would wait for the device.
  void allow() noexcept { wish_ = wish::reads; }
  /// And writes, whatever waits (open_options::inline_io).
  void allow_writes() noexcept { wish_ = wish::with_writes; }
  /// The file takes no such call.
  void forbid() noexcept { wish_ = wish::never; }

  [[nodiscard]] bool may_read() const noexcept { return wish_ != wish::never; }
  [[nodiscard]] bool may_write() const noexcept { return wish_ == wish::with_writes; }

  /// One of the reads that are not tried.
  [[nodiscard]] bool skips() noexcept {
    if (skips_ == 0) [[likely]]
      return false;
    --skips_;
    return true;
  }
  void hit() noexcept { misses_ = 0; }
  void miss() noexcept {
    if (misses_ < misses_max) ++misses_;
    skips_ = static_cast<std::uint16_t>((1U << misses_) - 1);
  }

 private:
  static constexpr std::uint8_t misses_max = 8;

  enum class wish : std::uint8_t { never, reads, with_writes };

  wish wish_ = wish::never;
  std::uint8_t misses_ = 0;  ///< one after the other
  std::uint16_t skips_ = 0;
};

}  // namespace carousel::detail
