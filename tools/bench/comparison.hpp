#pragma once

#include <cstddef>
#include <vector>

#include "bench/figures.hpp"
#include "bench/statistics.hpp"

namespace carousel::tool::bench {

/// What is compared with what, in the same cell.
enum class question {
  registration,          ///< fixed with plain, on 4 KiB pages
  registration_on_huge,  ///< fixed with plain, on huge pages
  /// Huge pages with 4 KiB ones: by fixed reads, or by plain ones if some cell has no others.
  huge_pages,
};
enum class metric { cpu, rate };

/// The figure of each round: CPU microseconds per read, or reads per second.
[[nodiscard]] std::vector<double> values(const series& s, metric of);

enum class finding {
  less,     ///< surely, and by 3 % at least
  more,     ///< the same
  slight,   ///< a difference, of less than that
  none,     ///< nothing that can be told from noise
  unclear,  ///< the noise is so large that this says nothing
};

struct claim {
  std::size_t block_bytes;
  unsigned depth;
  question about;
  metric of;
  variant what;
  variant with;
  spread ratio;  ///< what / with: the median of the rounds, and the bounds of the true one
  finding found;
};

/// The bounds hold for all claims together but for a chance of this.
inline constexpr double error_of_all = 0.05;
inline constexpr double difference_min = 0.03;
inline constexpr double noise_max = 0.15;

[[nodiscard]] finding judge(const spread& ratio) noexcept;

/// How far the bounds reach from 1.
[[nodiscard]] double noise_of(const spread& ratio) noexcept;

/// All questions that the cells can answer, in the order of the questions, then metrics, blocks and
/// depths.
[[nodiscard]] std::vector<claim> compare(const std::vector<cell>& cells);

}  // namespace carousel::tool::bench
