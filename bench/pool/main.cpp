// What check-out, waiting and check-in cost. The reference is a bare free list: what no pool can
// undercut.

#include <benchmark/benchmark.h>

#include <carousel/carousel.hpp>
#include <vector>

namespace {

using namespace carousel;

void bare_free_list(benchmark::State& state) {
  std::vector<void*> free(8, &state);
  benchmark::DoNotOptimize(free);
  for (auto _ : state) {
    void* taken = free.back();
    free.pop_back();
    benchmark::DoNotOptimize(taken);
    benchmark::ClobberMemory();  // else the compiler keeps the list in registers
    free.push_back(taken);
  }
}
BENCHMARK(bare_free_list);

void try_next_and_check_in(benchmark::State& state) {
  const auto class_count = static_cast<std::size_t>(state.range(0));
  std::vector<buf_class> classes;
  classes.reserve(class_count);
  for (std::size_t i = 0; i < class_count; ++i) classes.push_back({std::size_t{4096} << i, 8});
  const auto pool = *fixed_buf_pool::make(classes);
  const std::size_t wanted = classes.back().capacity;  // the last class: the longest search
  for (auto _ : state) {
    auto buf = pool.try_next(wanted);
    benchmark::DoNotOptimize(buf);
  }
}
BENCHMARK(try_next_and_check_in)->Arg(1)->Arg(4)->Arg(8);

void registry_check_out_and_in(benchmark::State& state) {
  const auto registry = *fixed_buf_registry::make({{4096, 8}});
  for (auto _ : state) {
    auto buf = registry.check_out(3);
    benchmark::DoNotOptimize(buf);
  }
}
BENCHMARK(registry_check_out_and_in);

void next_without_waiting(benchmark::State& state) {
  start([&]() -> task<> {
    const auto pool = *fixed_buf_pool::make({{4096, 8}});
    for (auto _ : state) {
      auto buf = co_await pool.next(4096);
      benchmark::DoNotOptimize(buf);
    }
  });
}
BENCHMARK(next_without_waiting);

task<> take_turns(const fixed_buf_pool& pool, const bool& stop) {
  while (!stop) {
    const auto buf = co_await pool.next(4096);
    co_await yield();
  }
}

/// Two tasks and one buffer: each check-in hands it to the other one. One iteration is one hand-off
/// and one yield.
void hand_off_to_a_waiter(benchmark::State& state) {
  start([&]() -> task<> {
    const auto pool = *fixed_buf_pool::make({{4096, 1}});
    bool stop = false;
    auto other = spawn(take_turns, std::cref(pool), std::cref(stop));
    co_await yield();
    bool even = true;
    for (auto _ : state) {
      even = !even;
      if (even) continue;  // the other task's hand-off
      const auto buf = co_await pool.next(4096);
      benchmark::DoNotOptimize(buf->index());
      co_await yield();
    }
    stop = true;
    co_await std::move(other);
  });
}
BENCHMARK(hand_off_to_a_waiter);

}  // namespace

BENCHMARK_MAIN();
