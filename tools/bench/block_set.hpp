#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <vector>

#include "bench/subject.hpp"

namespace carousel::tool::bench {

/// Places of the file, spread over all of it at random, and the digest of what stands at each. They
/// were read once, by the thread itself, so that every later read can be compared; and in the page
/// cache they are warm.
class block_set {
 public:
  /// As many places as can be read in this time, within limits. The file must hold one. The error
  /// is a sentence.
  static std::expected<block_set, std::string> read(const subject& of, std::size_t block_bytes,
                                                    std::uint64_t seed,
                                                    std::chrono::nanoseconds time);

  [[nodiscard]] std::size_t block_bytes() const noexcept { return block_bytes_; }
  [[nodiscard]] std::size_t size() const noexcept { return offsets_.size(); }
  [[nodiscard]] std::uint64_t offset(std::size_t place) const noexcept { return offsets_[place]; }
  [[nodiscard]] bool holds(std::size_t place, std::span<const std::byte> bytes) const noexcept;

 private:
  explicit block_set(std::size_t block_bytes) noexcept : block_bytes_(block_bytes) {}

  std::size_t block_bytes_;
  std::vector<std::uint64_t> offsets_;
  std::vector<std::uint64_t> digests_;
};

/// The numbers below n in an order that the seed decides.
[[nodiscard]] std::vector<std::uint32_t> shuffled(std::size_t n, std::uint64_t seed);

}  // namespace carousel::tool::bench
