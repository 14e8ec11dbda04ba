#pragma once

#include <span>
#include <vector>

namespace carousel::tool::bench {

struct spread {
  double low = 0;
  double median = 0;
  double high = 0;
};

/// The median and the quartiles. The values must not be empty.
[[nodiscard]] spread quartiles(std::vector<double> values);

/// The median of a[i] / b[i], and the bounds between which the true median lies, but for a chance
/// of `error`. No distribution is assumed: the bounds are two of the ratios themselves (those of
/// the sign test). Where there are too few pairs for that chance they are 0 and infinity. There
/// must be as many a as b, and at least one.
[[nodiscard]] spread paired_ratio(std::span<const double> a, std::span<const double> b,
                                  double error);

/// The fewest pairs with which paired_ratio() gives bounds.
[[nodiscard]] unsigned pairs_needed(double error);

}  // namespace carousel::tool::bench
