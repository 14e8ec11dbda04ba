#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace carousel::fake {

/// A stream of numbers that is the same on every machine (splitmix64).
class random {
 public:
  explicit random(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111eb;
    return z ^ (z >> 31U);
  }
  /// From 0 up to, not including, `n`; 0 if `n` is 0.
  std::uint64_t below(std::uint64_t n) noexcept { return n == 0 ? 0 : next() % n; }
  /// True in `per_mille` of 1,000 cases. Draws no number where the answer is certain.
  bool chance(unsigned per_mille) noexcept { return per_mille != 0 && below(1000) < per_mille; }

  void fill(std::span<std::byte> bytes) noexcept {
    while (!bytes.empty()) {
      const std::uint64_t word = next();
      const std::size_t n = std::min(bytes.size(), sizeof word);
      std::memcpy(bytes.data(), &word, n);
      bytes = bytes.subspan(n);
    }
  }

 private:
  std::uint64_t state_;
};

}  // namespace carousel::fake
