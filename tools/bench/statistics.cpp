#include "bench/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "carousel/detail/base/assert.hpp"

namespace carousel::tool::bench {
namespace {

/// The value at this part of the way through, between two of them where it falls so.
double quantile(const std::vector<double>& ascending, double part) {
  const double at = part * static_cast<double>(ascending.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, ascending.size() - 1);
  return std::lerp(ascending[below], ascending[above], at - static_cast<double>(below));
}

/// How many of n ascending values may be cut off at each end so that the median still lies between
/// the rest, but for `error`; 0: not even the smallest and the largest of them are bounds.
std::size_t outside(std::size_t n, double error) {
  // The chance that at most k of n fair coins fall on one side, doubled.
  double term = std::exp2(1 - static_cast<double>(n));
  double chance = term;
  std::size_t k = 0;
  while (chance <= error && 2 * (k + 1) <= n) {
    ++k;
    term *= static_cast<double>(n - k + 1) / static_cast<double>(k);
    chance += term;
  }
  return k;
}

}  // namespace

spread quartiles(std::vector<double> values) {
  CAROUSEL_ASSERT(!values.empty(), "quartiles() needs a value");
  std::ranges::sort(values);
  return {quantile(values, 0.25), quantile(values, 0.5), quantile(values, 0.75)};
}

spread paired_ratio(std::span<const double> a, std::span<const double> b, double error) {
  CAROUSEL_ASSERT(a.size() == b.size(), "paired_ratio() takes pairs");
  CAROUSEL_ASSERT(!a.empty(), "paired_ratio() needs a pair");
  std::vector<double> ratios(a.size());
  std::ranges::transform(a, b, ratios.begin(), [](double x, double y) { return x / y; });
  std::ranges::sort(ratios);
  const std::size_t cut = outside(ratios.size(), error);
  if (cut == 0) return {0, quantile(ratios, 0.5), std::numeric_limits<double>::infinity()};
  return {ratios[cut - 1], quantile(ratios, 0.5), ratios[ratios.size() - cut]};
}

unsigned pairs_needed(double error) {
  unsigned n = 1;
  while (outside(n, error) == 0) ++n;
  return n;
}

}  // namespace carousel::tool::bench
