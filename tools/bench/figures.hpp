#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bench/latency_histogram.hpp"

namespace carousel::tool::bench {

/// Which operation reads.
enum class verb : bool { plain, fixed };
/// What the memory is made of that is read into.
enum class pages : bool { small, huge };

struct variant {
  verb how;
  pages on;
  friend bool operator==(const variant&, const variant&) = default;
};

/// One slice of time in which one variant read.
struct slice_figures {
  double seconds = 0;
  double cpu_seconds = 0;  ///< of the process, workers of the kernel for it included
  std::uint64_t reads = 0;

  [[nodiscard]] double cpu_us_per_read() const noexcept {
    return cpu_seconds * 1e6 / static_cast<double>(reads);
  }
  [[nodiscard]] double reads_per_second() const noexcept {
    return static_cast<double>(reads) / seconds;
  }
};

/// One variant in all rounds.
struct series {
  variant who;
  std::vector<slice_figures> rounds;
  latency_histogram latency;
};

/// One block size at one depth: its variants took turns, so that the same round of two of them is a
/// pair.
struct cell {
  std::size_t block_bytes = 0;
  unsigned depth = 0;
  unsigned depth_wanted = 0;  ///< more than `depth` where the buffers of that were not registered
  std::size_t blocks = 0;     ///< places in the file that were read, over and over
  double slice_seconds = 0;
  std::vector<series> variants;

  [[nodiscard]] const series* find(variant who) const noexcept {
    for (const series& s : variants) {
      if (s.who == who) return &s;
    }
    return nullptr;
  }
};

}  // namespace carousel::tool::bench
