// What tasks cost: spawn and join, awaiting a child, giving way, cancelling. Asio's coroutines do
// the same beside them.

#include <benchmark/benchmark.h>
#include <unistd.h>

#include <carousel/carousel.hpp>

#include "common/machine.hpp"
#include "task/by_asio.hpp"

namespace {

using namespace carousel;

task<int> child(int n) { co_return n; }

void await_a_child(benchmark::State& state) {
  start([&]() -> task<> {
    int n = 0;
    for (auto _ : state) benchmark::DoNotOptimize(n += co_await child(1));
  });
}
BENCHMARK(await_a_child);
BENCHMARK(bench::asio_await_a_child)->Name("asio/await_a_child");

void spawn_and_join(benchmark::State& state) {
  start([&]() -> task<> {
    for (auto _ : state) benchmark::DoNotOptimize(co_await spawn(child, 1));
  });
}
BENCHMARK(spawn_and_join);
BENCHMARK(bench::asio_spawn_and_join)->Name("asio/spawn_and_join");

void give_way(benchmark::State& state) {
  start([&]() -> task<> {
    for (auto _ : state) co_await yield();
  });
}
BENCHMARK(give_way);
BENCHMARK(bench::asio_give_way)->Name("asio/give_way");

void ask_whether_a_turn_is_due(benchmark::State& state) {
  start([&]() -> task<> {
    for (auto _ : state) co_await yield_if_due();
  });
}
BENCHMARK(ask_whether_a_turn_is_due);

task<> read_for_ever(const file& pipe, const fixed_buf_pool& pool) {
  auto lease = co_await pool.next(4096);
  (void)co_await pipe.read_fixed(std::move(*lease));
}

/// A read of an empty pipe is started and its task destroyed; the next one waits until the buffer
/// is back.
void cancel_a_read(benchmark::State& state) {
  int ends[2];
  if (::pipe(ends) != 0) bench::fail_errno("pipe");
  start([&]() -> task<> {
    const auto pool = *fixed_buf_pool::make({{4096, 1}});
    if (!pool.register_buffers()) bench::fail("cannot register");
    const file pipe = file::from_fd(ends[0]);
    for (auto _ : state) {
      auto reader = spawn(read_for_ever, std::cref(pipe), std::cref(pool));
      co_await yield();
      reader.abort();
      auto back = co_await pool.next(4096);
      if (!back) bench::fail("the buffer did not come back");
    }
  });
  ::close(ends[1]);
}
BENCHMARK(cancel_a_read);
BENCHMARK(bench::asio_cancel_a_read)->Name("asio/cancel_a_read");

}  // namespace

BENCHMARK_MAIN();
