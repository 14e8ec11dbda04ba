#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

#include "carousel/detail/driver/timer_queue.hpp"

namespace carousel::detail {

/// For how long the tasks of a loop have kept it from the kernel. Nobody measures that for its own
/// sake: the clock is looked at by whoever asks, and by those who ask often not each time.
class computing_time {
 public:
  /// This time the answer needs a look at the clock.
  [[nodiscard]] bool wants_clock() noexcept { return --calls_left_ == 0; }
  /// It is `now`, and the kernel was entered `enters` times. True: `longest` has passed since the
  /// first look after the last enter, or since this was true before.
  [[nodiscard]] bool passed(std::chrono::nanoseconds longest, steady_time now,
                            std::uint64_t enters) noexcept {
    const std::chrono::nanoseconds since_look = now - looked_at_;
    looked_at_ = now;
    // So that the answer is late by a fraction of `longest`.
    if (since_look < longest / 8)
      calls_ = std::min(calls_ * 2, calls_max);
    else if (since_look > longest / 4)
      calls_ = 1;
    calls_left_ = calls_;
    if (std::exchange(enters_, enters) != enters) {
      began_ = now;
      return longest == std::chrono::nanoseconds::zero();
    }
    if (now - began_ < longest) return false;
    began_ = now;
    return true;
  }

 private:
  /// A look at the clock costs about as much as twenty calls without.
  static constexpr std::uint32_t calls_max = 64;

  steady_time began_{};
  steady_time looked_at_{};
  std::uint64_t enters_ = ~std::uint64_t{0};
  std::uint32_t calls_ = 1;  ///< between two looks
  std::uint32_t calls_left_ = 1;
};

}  // namespace carousel::detail
