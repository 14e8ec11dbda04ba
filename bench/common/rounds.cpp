#include "common/rounds.hpp"

#include <algorithm>

namespace bench {
namespace {

struct tally {
  std::vector<double> rates;
  std::vector<double> ratios;
  double cpu_seconds = 0;
  std::optional<double> machine_seconds = 0.0;
  double operations = 0;

  void add(const slice& s, double count) {
    rates.push_back(count / s.seconds);
    cpu_seconds += s.cpu_seconds;
    if (machine_seconds && s.machine_seconds) {
      *machine_seconds += *s.machine_seconds;
    } else {
      machine_seconds.reset();
    }
    operations += count;
  }
};

std::uint64_t calibrate(const rival& first, double slice_seconds) {
  std::uint64_t count = 1;
  for (;;) {
    const double took = first.run(count).seconds;
    if (took >= slice_seconds) return count;
    const double wanted = took > 0 ? slice_seconds / took * 1.1 : 16;
    count = static_cast<std::uint64_t>(static_cast<double>(count) * std::clamp(wanted, 2.0, 16.0));
  }
}

}  // namespace

spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
  return {.median = median, .low = values.front(), .high = values.back()};
}

std::vector<standing> compare(const std::vector<rival>& rivals, schedule when) {
  if (rivals.empty()) fail("no rival was chosen");
  if (when.count == 0) when.count = calibrate(rivals.front(), when.slice_seconds);
  const auto count = static_cast<double>(when.count);
  std::vector<tally> tallies(rivals.size());
  for (unsigned round = 0; round <= when.rounds; ++round) {
    const bool counts = round != 0;
    slice before = rivals.front().run(when.count);
    if (counts) tallies.front().add(before, count);
    for (std::size_t i = 1; i < rivals.size(); ++i) {
      const slice mine = rivals[i].run(when.count);
      const slice after = rivals.front().run(when.count);
      if (counts) {
        tallies[i].add(mine, count);
        tallies.front().add(after, count);
        tallies[i].ratios.push_back((before.seconds + after.seconds) / 2 / mine.seconds);
        // The first rival against itself: what the machine's noise alone does to a ratio.
        tallies.front().ratios.push_back(before.seconds / after.seconds);
      }
      before = after;
    }
  }
  std::vector<standing> result;
  for (std::size_t i = 0; i < rivals.size(); ++i) {
    tally& t = tallies[i];
    std::optional<double> machine_us;
    if (t.machine_seconds) machine_us = *t.machine_seconds / t.operations * 1e6;
    result.push_back({.name = rivals[i].name,
                      .rate = spread_of(t.rates),
                      .ratio = spread_of(t.ratios),
                      .cpu_us = t.cpu_seconds / t.operations * 1e6,
                      .machine_us = machine_us});
  }
  return result;
}

}  // namespace bench
