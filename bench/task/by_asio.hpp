#pragma once

#include <benchmark/benchmark.h>

namespace bench {

void asio_await_a_child(benchmark::State& state);
void asio_spawn_and_join(benchmark::State& state);
void asio_give_way(benchmark::State& state);
void asio_cancel_a_read(benchmark::State& state);

}  // namespace bench
