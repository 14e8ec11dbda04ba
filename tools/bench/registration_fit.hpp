#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <vector>

#include "bench/stage.hpp"

namespace carousel::tool::bench {

/// Sets the buffers up so that as much of them is registered as RLIMIT_MEMLOCK allows, and
/// remembers what it did not.
class registration_fit {
 public:
  /// The largest buffers of the plan, for the advice.
  registration_fit(stages& on, std::size_t block_bytes_max, unsigned depth_max) noexcept;

  /// The depth to measure at: the wanted one, or one that is smaller by halves where only then the
  /// kernel registers the buffers on both kinds of pages, or at least those on ordinary ones. Where
  /// it registers none, the wanted one. The error is a sentence.
  std::expected<unsigned, std::string> set_up(std::size_t block_bytes, unsigned depth);

  /// New buffers like those of the last set_up(), in other memory, or the sentence that says why
  /// there are none.
  std::string renew(std::size_t block_bytes, unsigned depth);

  /// What is missing, why, and what to change; empty when all was registered.
  [[nodiscard]] std::string report() const;

 private:
  result<> try_depth(std::size_t block_bytes, unsigned depth);
  [[nodiscard]] bool small_fits() const noexcept;
  [[nodiscard]] bool huge_fits() const noexcept;

  stages& on_;
  std::size_t bytes_wanted_;  ///< of locked memory
  std::error_code refusal_;
  std::vector<std::string> shallower_;
  std::vector<std::string> without_small_;
  std::vector<std::string> without_huge_;
};

}  // namespace carousel::tool::bench
