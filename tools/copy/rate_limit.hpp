#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>

#include "carousel/task.hpp"

namespace carousel::tool {

/// Lets no more than so many bytes pass in a second, of all files together and on any thread. A
/// pause is not made up for: there is never more than that.
class rate_limit {
 public:
  using clock = std::chrono::steady_clock;

  /// 0: no limit.
  explicit rate_limit(std::uint64_t bytes_per_second) noexcept : rate_(bytes_per_second) {}

  [[nodiscard]] bool limits() const noexcept { return rate_ != 0; }
  /// When bytes that are asked for now may pass: in the order of asking.
  clock::time_point admit(std::uint64_t bytes, clock::time_point now) noexcept;
  /// Waits until they may, or until the copy is interrupted.
  task<> pass(std::uint64_t bytes);
  /// How much of `most` bytes should be transferred at once, in multiples of `grain`, so that they
  /// flow.
  [[nodiscard]] std::uint64_t portion(std::uint64_t most, std::uint64_t grain) const noexcept;

 private:
  std::uint64_t rate_;
  std::mutex admitting_;
  clock::time_point free_at_;  ///< all that was asked for has passed
};

}  // namespace carousel::tool
