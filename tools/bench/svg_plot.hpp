#pragma once

#include <string>

#include "bench/report.hpp"

namespace carousel::tool::bench {

/// The figures as an SVG picture: for each block size and depth the CPU time per read and the rate
/// of all variants, each with an axis of its own that begins at 0, and the quartiles of the rounds;
/// below it the verdict.
[[nodiscard]] std::string svg_of(const report& r);

}  // namespace carousel::tool::bench
