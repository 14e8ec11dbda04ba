#pragma once

#include <expected>
#include <string>
#include <vector>

#include "bench/figures.hpp"
#include "bench/options.hpp"
#include "bench/stage.hpp"
#include "bench/subject.hpp"

namespace carousel::tool::bench {

struct outcome {
  std::vector<cell> cells;
  /// What was left out or done otherwise than wanted, and what to change.
  std::vector<std::string> notes;
};

/// Measures every block size at every depth. In each, the variants take turns in an order that is
/// new in each round; the same round reads the same blocks with all of them.
///
/// The error is a sentence: there are no figures of a file that could not be read, or that changed
/// meanwhile. An interruption ends it with what there is by then.
[[nodiscard]] std::expected<outcome, std::string> measure(const options& wanted, const subject& of,
                                                          stages& on);

}  // namespace carousel::tool::bench
