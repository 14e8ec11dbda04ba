#include "task/by_asio.hpp"

#include <unistd.h>

#include <array>
#include <asio.hpp>

#include "common/machine.hpp"

namespace bench {
namespace {

using asio::awaitable;
using asio::use_awaitable;

awaitable<int> child(int n) { co_return n; }

void run(awaitable<void> (*body)(benchmark::State&), benchmark::State& state) {
  asio::io_context context{1};
  asio::co_spawn(context, body(state), [](const std::exception_ptr& failure) {
    if (failure) fail("an Asio coroutine failed");
  });
  context.run();
}

}  // namespace

void asio_await_a_child(benchmark::State& state) {
  run(
      [](benchmark::State& s) -> awaitable<void> {
        int n = 0;
        for (auto _ : s) benchmark::DoNotOptimize(n += co_await child(1));
      },
      state);
}

void asio_spawn_and_join(benchmark::State& state) {
  run(
      [](benchmark::State& s) -> awaitable<void> {
        const auto here = co_await asio::this_coro::executor;
        for (auto _ : s)
          benchmark::DoNotOptimize(co_await asio::co_spawn(here, child(1), use_awaitable));
      },
      state);
}

void asio_give_way(benchmark::State& state) {
  run(
      [](benchmark::State& s) -> awaitable<void> {
        const auto here = co_await asio::this_coro::executor;
        for (auto _ : s) co_await asio::post(here, use_awaitable);
      },
      state);
}

void asio_cancel_a_read(benchmark::State& state) {
  run(
      [](benchmark::State& s) -> awaitable<void> {
        int ends[2];
        if (::pipe(ends) != 0) fail_errno("pipe");
        const auto here = co_await asio::this_coro::executor;
        asio::readable_pipe pipe(here, ends[0]);
        std::array<char, 4096> buffer{};
        for (auto _ : s) {
          bool canceled = false;
          pipe.async_read_some(asio::buffer(buffer),
                               [&](const asio::error_code& error, std::size_t) {
                                 canceled = error == asio::error::operation_aborted;
                               });
          co_await asio::post(here, use_awaitable);
          pipe.cancel();
          while (!canceled) co_await asio::post(here, use_awaitable);
        }
        ::close(ends[1]);
      },
      state);
}

}  // namespace bench
