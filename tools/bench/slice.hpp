#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <span>
#include <string>

#include "bench/block_set.hpp"
#include "bench/figures.hpp"
#include "bench/latency_histogram.hpp"
#include "bench/stage.hpp"

namespace carousel::tool::bench {

struct slice_plan {
  const block_set& blocks;
  /// In which the blocks are read, from the start again when it ends.
  std::span<const std::uint32_t> order;
  verb how;
  std::chrono::nanoseconds length;
  bool checks_each = false;  ///< compares each block: for what is not timed
};

/// Reads for that long, as many blocks at a time as the stage has buffers, and adds the times of
/// the reads to `latency`: each from the end of the read before it into the same buffer. Every
/// buffer is spoiled before, and what is in it at the end is compared, both outside the time that
/// is measured.
///
/// The error is a sentence: a read failed, was short, or brought other bytes than the block set
/// has. An interruption ends the slice early, without an error.
[[nodiscard]] std::expected<slice_figures, std::string> run_slice(stage& on, const slice_plan& plan,
                                                                  latency_histogram& latency);

}  // namespace carousel::tool::bench
