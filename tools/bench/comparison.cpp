#include "bench/comparison.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace carousel::tool::bench {
namespace {

using pair_of_series = std::pair<const series*, const series*>;

/// Null pointers where there is nothing to compare. `how` are the reads by which pages are judged.
pair_of_series answer(const cell& c, question about, verb how) {
  const auto both = [&](variant what, variant with) {
    const pair_of_series found{c.find(what), c.find(with)};
    return found.first != nullptr && found.second != nullptr ? found : pair_of_series{};
  };
  switch (about) {
    case question::registration:
      return both({verb::fixed, pages::small}, {verb::plain, pages::small});
    case question::registration_on_huge:
      return both({verb::fixed, pages::huge}, {verb::plain, pages::huge});
    case question::huge_pages: return both({how, pages::huge}, {how, pages::small});
  }
  return {};
}

}  // namespace

std::vector<double> values(const series& s, metric of) {
  std::vector<double> all;
  all.reserve(s.rounds.size());
  for (const slice_figures& f : s.rounds)
    all.push_back(of == metric::cpu ? f.cpu_us_per_read() : f.reads_per_second());
  return all;
}

double noise_of(const spread& ratio) noexcept {
  return std::max(std::abs(ratio.low - 1), std::abs(ratio.high - 1));
}

finding judge(const spread& ratio) noexcept {
  if (ratio.low <= 1 && 1 <= ratio.high)
    return noise_of(ratio) <= noise_max ? finding::none : finding::unclear;
  if (std::abs(ratio.median - 1) < difference_min) return finding::slight;
  return ratio.median < 1 ? finding::less : finding::more;
}

std::vector<claim> compare(const std::vector<cell>& cells) {
  constexpr std::array questions = {question::registration, question::registration_on_huge,
                                    question::huge_pages};
  constexpr std::array metrics = {metric::cpu, metric::rate};
  const bool has_fixed = std::ranges::all_of(cells, [](const cell& c) {
    return answer(c, question::huge_pages, verb::fixed).first != nullptr ||
           answer(c, question::huge_pages, verb::plain).first == nullptr;
  });
  const verb how = has_fixed ? verb::fixed : verb::plain;
  std::vector<std::pair<claim, pair_of_series>> found;
  for (const question about : questions) {
    for (const metric of : metrics) {
      for (const cell& c : cells) {
        const auto pair = answer(c, about, how);
        if (pair.first == nullptr || pair.first->rounds.empty()) continue;
        found.emplace_back(claim{.block_bytes = c.block_bytes,
                                 .depth = c.depth,
                                 .about = about,
                                 .of = of,
                                 .what = pair.first->who,
                                 .with = pair.second->who,
                                 .ratio = {},
                                 .found = finding::unclear},
                           pair);
      }
    }
  }
  std::vector<claim> claims;
  claims.reserve(found.size());
  for (auto& [made, pair] : found) {
    const double error = error_of_all / static_cast<double>(found.size());
    made.ratio = paired_ratio(values(*pair.first, made.of), values(*pair.second, made.of), error);
    made.found = judge(made.ratio);
    claims.push_back(made);
  }
  return claims;
}

}  // namespace carousel::tool::bench
