#include "bench/slice.hpp"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>
#include <vector>

#include "common/interruption.hpp"

namespace carousel::tool::bench {
namespace {

using clock = std::chrono::steady_clock;

/// All threads of the process, those too that the kernel started for its operations.
double cpu_seconds_now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

/// One buffer, and the place that is read into it.
struct lane {
  fixed_buf lease;
  std::uint32_t place = 0;
};

/// What the lanes share.
struct run {
  const file& from;
  const slice_plan& plan;
  latency_histogram& latency;
  clock::time_point until;
  std::size_t next = 0;
  std::uint64_t reads = 0;
  std::string failure = {};

  std::uint32_t next_place() noexcept {
    const std::uint32_t place = plan.order[next];
    next = next + 1 == plan.order.size() ? 0 : next + 1;
    return place;
  }
};

/// So that a read which leaves memory as it is does not pass for one that worked.
void spoil(std::span<std::byte> memory) noexcept {
  constexpr std::size_t step = 512;
  for (std::size_t at = 0; at < memory.size(); at += step) memory[at] = ~memory[at];
}

std::string other_bytes(std::uint64_t offset) {
  return fmt::format("the bytes at {} are not those that were read there before", offset);
}

template <verb How>
auto start_read(const file& from, fixed_buf lease, std::uint64_t offset) {
  if constexpr (How == verb::fixed) {
    return from.read_fixed_at(std::move(lease), offset);
  } else {
    return from.read_at(std::move(lease), offset);
  }
}

template <verb How>
task<> read_on(run& all, lane& own) {
  const std::size_t block_bytes = all.plan.blocks.block_bytes();
  auto before = clock::now();
  do {
    own.place = all.next_place();
    const std::uint64_t offset = all.plan.blocks.offset(own.place);
    auto read = co_await start_read<How>(all.from, std::move(own.lease), offset);
    own.lease = std::move(read.buf);
    const auto now = clock::now();
    if (!read.res) {
      all.failure = fmt::format("a read at {} failed: {}", offset, read.res.error().message());
    } else if (*read.res != block_bytes) {
      all.failure = fmt::format("a read of {} bytes at {} gave {}", block_bytes, offset, *read.res);
    } else if (all.plan.checks_each && !all.plan.blocks.holds(own.place, own.lease.bytes())) {
      all.failure = other_bytes(offset);
    }
    ++all.reads;
    all.latency.add(static_cast<std::uint64_t>((now - before).count()));
    before = now;
  } while (before < all.until && all.failure.empty() && interrupted() == 0);
}

join_handle<void> start_lane(run& all, lane& own) {
  if (all.plan.how == verb::fixed) return spawn(read_on<verb::fixed>(all, own));
  return spawn(read_on<verb::plain>(all, own));
}

task<> read_all(run& all, std::vector<lane>& lanes) {
  std::vector<join_handle<void>> reading;
  reading.reserve(lanes.size());
  for (lane& own : lanes) reading.push_back(start_lane(all, own));
  for (auto& one : reading) co_await std::move(one);
}

}  // namespace

std::expected<slice_figures, std::string> run_slice(stage& on, const slice_plan& plan,
                                                    latency_histogram& latency) {
  std::vector<lane> lanes;
  while (auto lease = on.buffers().try_next(plan.blocks.block_bytes())) {
    spoil(lease->spare());
    lanes.push_back({std::move(*lease)});
  }
  const double cpu_before = cpu_seconds_now();
  const auto start = clock::now();
  run all{.from = on.opened(), .plan = plan, .latency = latency, .until = start + plan.length};
  on.its_runtime().block_on(read_all(all, lanes));
  const std::chrono::duration<double> taken = clock::now() - start;
  const slice_figures figures{taken.count(), cpu_seconds_now() - cpu_before, all.reads};
  if (!all.failure.empty()) return std::unexpected(std::move(all.failure));
  for (lane& own : lanes) {
    if (!plan.blocks.holds(own.place, own.lease.bytes()))
      return std::unexpected(other_bytes(plan.blocks.offset(own.place)));
  }
  return figures;
}

}  // namespace carousel::tool::bench
