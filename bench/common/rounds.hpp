#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bench/latency_histogram.hpp"
#include "common/machine.hpp"

namespace bench {

using carousel::tool::bench::latency_histogram;

/// What a rival did in one slice. A rival that measures itself (another program) fills it in; for
/// the others `timed` does.
struct slice {
  double seconds = 0;
  double cpu_seconds = 0;  ///< of this process, its kernel workers and its children
  /// Of all CPUs: also what interrupts and the kernel's own threads do. In steps of 10 ms, so only
  /// the sum of many slices tells.
  std::optional<double> machine_seconds{};
};

/// One way to do the work. `run(count)` does it `count` times and ends the program if any of it
/// failed.
struct rival {
  std::string name;
  std::function<slice(std::uint64_t count)> run;
  /// The same with a look at the clock before and after each; empty where nobody asks how long
  /// one takes.
  std::function<void(std::uint64_t count, latency_histogram& into)> run_timed{};
};

struct schedule {
  unsigned rounds = 15;         ///< that count; one more, the first, is left out
  double slice_seconds = 0.06;  ///< of the first rival; the others do the same number of operations
  std::uint64_t count = 0;      ///< operations per slice; 0: found out from slice_seconds
  /// The first rival runs between all others (A B A C A), so that each ratio is of neighbours;
  /// else, where a slice takes long, once a round (A B C A).
  bool reference_between = true;
};

struct spread {
  double median = 0;
  double low = 0;
  double high = 0;
};
spread spread_of(std::vector<double> values);

struct standing {
  std::string name;
  spread rate;                       ///< operations per second
  spread ratio;                      ///< of its rate to the first rival's in the same round
  double cpu_us;                     ///< per operation, over all rounds
  std::optional<double> machine_us;  ///< the same of all CPUs
  latency_histogram latency{};       ///< of single operations; empty without rival::run_timed
};

/// Runs the rivals in turn in slices, and compares all with the first one, with the mean of its
/// slices before and after. Single operations are timed in a third of as many rounds of their own,
/// after the others, so that the clock costs no rate.
std::vector<standing> compare(const std::vector<rival>& rivals, schedule when);

/// How a rival that runs in this process, or as its child, is timed.
template <class F>
std::function<slice(std::uint64_t)> timed(F work) {
  return [work = std::move(work)](std::uint64_t count) mutable {
    const double machine = machine_cpu_seconds();
    const double cpu = process_cpu_seconds();
    const double start = now_seconds();
    work(count);
    const double seconds = now_seconds() - start;
    const double cpu_seconds = process_cpu_seconds() - cpu;
    return slice{.seconds = seconds,
                 .cpu_seconds = cpu_seconds,
                 .machine_seconds = machine_cpu_seconds() - machine};
  };
}

}  // namespace bench
