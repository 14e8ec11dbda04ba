#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace bench {

/// What a rival did in one slice. A rival that measures itself (another program) fills it in; for the others `time` does.
struct slice {
  double seconds = 0;
  double cpu_seconds = 0;
};

/// One way to do the work. `run(count)` does it `count` times and ends the program if any of it failed.
struct rival {
  std::string name;
  std::function<slice(std::uint64_t count)> run;
};

enum class cpu_clock : std::uint8_t {
  process,  ///< this process, its kernel workers included
  system,   ///< all CPUs, for block devices and workers that belong to nobody
};

/// How a rival that runs in this process is timed.
template <class F>
std::function<slice(std::uint64_t)> timed(cpu_clock clock, F work);

struct schedule {
  unsigned rounds = 15;         ///< that count; one more, the first, is dropped
  double slice_seconds = 0.06;  ///< of the first rival; the others do the same number of operations
  std::uint64_t count = 0;      ///< operations per slice; 0: found out from slice_seconds
};

struct spread {
  double median = 0;
  double low = 0;
  double high = 0;
};
spread spread_of(std::vector<double> values);

struct standing {
  std::string name;
  spread rate;    ///< operations per second
  spread ratio;   ///< of its rate to the first rival's in the same round
  double cpu_us;  ///< per operation, over all rounds
};

/// Runs the rivals in turn in slices: the first one between all others (A B A C A), so that each ratio is of neighbours.
/// The first rival is the one that the others are compared with.
std::vector<standing> compare(const std::vector<rival>& rivals, schedule when);

double clock_seconds(cpu_clock clock);
double now_seconds();

template <class F>
std::function<slice(std::uint64_t)> timed(cpu_clock clock, F work) {
  return [clock, work = std::move(work)](std::uint64_t count) mutable {
    const double cpu = clock_seconds(clock);
    const double start = now_seconds();
    work(count);
    const double seconds = now_seconds() - start;
    return slice{.seconds = seconds, .cpu_seconds = clock_seconds(clock) - cpu};
  };
}

}  // namespace bench
