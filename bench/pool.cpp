// What a check-out and a check-in cost, without a runtime.
//
//   usage: pool [google-benchmark options]

#include <benchmark/benchmark.h>

#include <carousel/carousel.hpp>
#include <vector>

namespace {

void try_next_and_check_in(benchmark::State& state) {
  const auto class_count = static_cast<std::size_t>(state.range(0));
  std::vector<carousel::buf_class> classes;
  for (std::size_t i = 0; i < class_count; ++i) classes.push_back({std::size_t{4096} << i, 8});
  const auto pool = *carousel::fixed_buf_pool::make(classes);
  const std::size_t wanted = classes.back().capacity;  // the last class: the longest search
  for (auto _ : state) {
    auto buf = pool.try_next(wanted);
    benchmark::DoNotOptimize(buf);
  }
}
BENCHMARK(try_next_and_check_in)->Arg(1)->Arg(4)->Arg(8);

void registry_check_out_and_in(benchmark::State& state) {
  const auto registry = *carousel::fixed_buf_registry::make({{4096, 8}});
  for (auto _ : state) {
    auto buf = registry.check_out(3);
    benchmark::DoNotOptimize(buf);
  }
}
BENCHMARK(registry_check_out_and_in);

}  // namespace

BENCHMARK_MAIN();
