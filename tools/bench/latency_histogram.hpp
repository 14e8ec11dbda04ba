#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace carousel::tool::bench {

/// Times of single reads, counted in buckets that are 1/32 of their time wide: a percentile is at
/// most 3 % above the truth, and counting one costs no allocation.
class latency_histogram {
 public:
  void add(std::uint64_t ns) noexcept {
    ++counts_[bucket_of(ns)];
    ++total_;
    max_ns_ = std::max(max_ns_, ns);
  }
  void add(const latency_histogram& other) noexcept {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    total_ += other.total_;
    max_ns_ = std::max(max_ns_, other.max_ns_);
  }

  [[nodiscard]] std::uint64_t count() const noexcept { return total_; }
  [[nodiscard]] std::uint64_t max_ns() const noexcept { return max_ns_; }
  /// The time that this part of the reads, 0 to 1, did not exceed; 0 when there are none.
  [[nodiscard]] std::uint64_t percentile_ns(double part) const noexcept {
    const double wanted = part * static_cast<double>(total_);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen != 0 && static_cast<double>(seen) >= wanted) return std::min(last_of(i), max_ns_);
    }
    return max_ns_;
  }

 private:
  static constexpr unsigned step_bits = 5;
  static constexpr std::uint64_t steps = std::uint64_t{1} << step_bits;
  static constexpr std::size_t buckets = (64 - step_bits + 1) * steps;

  /// Times below 2 * steps have a bucket each; above, each power of two has `steps` of them.
  static std::size_t bucket_of(std::uint64_t ns) noexcept {
    const auto width = static_cast<unsigned>(std::bit_width(ns));
    const unsigned shift = std::max(width, step_bits + 1) - (step_bits + 1);
    return static_cast<std::size_t>(shift * steps + (ns >> shift));
  }
  static std::uint64_t last_of(std::size_t bucket) noexcept {
    if (bucket < 2 * steps) return bucket;
    const std::size_t shift = bucket / steps - 1;
    return ((bucket - shift * steps + 1) << shift) - 1;
  }

  std::array<std::uint64_t, buckets> counts_{};
  std::uint64_t total_ = 0;
  std::uint64_t max_ns_ = 0;
};

}  // namespace carousel::tool::bench
