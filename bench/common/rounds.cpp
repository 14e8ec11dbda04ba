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
  const std::size_t apart =
      when.reference_between ? 1 : std::max<std::size_t>(rivals.size(), 2) - 1;
  slice before = rivals.front().run(when.count);
  for (unsigned round = 0; round <= when.rounds; ++round) {
    std::size_t next = 1;
    do {
      std::vector<slice> others;
      const std::size_t first = next;
      for (; next < rivals.size() && next < first + apart; ++next)
        others.push_back(rivals[next].run(when.count));
      const slice after = rivals.front().run(when.count);
      if (round != 0) {
        tallies.front().add(after, count);
        // The first rival against itself: what the machine's noise alone does to a ratio.
        tallies.front().ratios.push_back(before.seconds / after.seconds);
        for (std::size_t i = 0; i < others.size(); ++i) {
          tallies[first + i].add(others[i], count);
          tallies[first + i].ratios.push_back((before.seconds + after.seconds) / 2 /
                                              others[i].seconds);
        }
      }
      before = after;
    } while (next < rivals.size());
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
  for (unsigned round = 0; round < when.rounds; round += 3)
    for (std::size_t i = 0; i < rivals.size(); ++i)
      if (rivals[i].run_timed) rivals[i].run_timed(when.count, result[i].latency);
  return result;
}

}  // namespace bench
