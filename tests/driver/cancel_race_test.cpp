#include <fcntl.h>
#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "fake/kernel.hpp"
#include "loop/loop.hpp"
#include "loop/runtime_access.hpp"
#include "support/small.hpp"
#include "support/temp_dir.hpp"

// A cancel and its operation end in any order, also in one batch of completions.

namespace carousel {
namespace {

using test::small;

task<> read_once(file from, fixed_buf_pool pool) {
  auto lease = co_await pool.next(small);
  const auto r = co_await from.read_fixed_at(std::move(*lease), 0);
}

task<> abort_one_read(const std::filesystem::path& path) {
  const file from = file::from_fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const auto pool = fixed_buf_pool::make({{small, 1}}).value();
  EXPECT_TRUE(pool.register_buffers());
  for (int i = 0; i < 8; ++i) {
    auto reader = spawn(read_once, from, pool);
    while (pool.try_next(small)) co_await yield();
    co_await sleep_for(std::chrono::microseconds(i));
    reader.abort();
    const auto back = co_await pool.next(small);
    EXPECT_TRUE(back);
  }
}

void abort_reads_on(const fake::kernel_options& options, const std::filesystem::path& path) {
  runtime rt =
      detail::runtime_access::make(std::make_unique<fake::kernel>(options), {.entries = 8}).value();
  rt.block_on(abort_one_read(path));
  EXPECT_TRUE(rt.shutdown(std::chrono::seconds(5)));
}

TEST(cancel_race, a_cancel_that_comes_too_late_is_harmless_in_any_order) {
  const test::temp_dir dir;
  const auto path = dir.make("file", "some bytes");
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    abort_reads_on({.seed = seed,
                    .async = 1000,
                    .delay_max = std::chrono::microseconds(20),
                    .turn_max = std::chrono::microseconds(40)},
                   path);
  }
}

task<> read_for_long(file from) {
  const auto r =
      co_await timeout(std::chrono::milliseconds(1), from.read_at(std::vector<char>(1), 0));
}

TEST(cancel_race, a_cancel_is_repeated_soon_also_while_an_older_one_is_repeated_rarely) {
  const test::temp_dir dir;
  const file from = file::from_fd(::open(dir.make("file", "x").c_str(), O_RDONLY | O_CLOEXEC));
  auto made = std::make_unique<fake::kernel>(fake::kernel_options{.stuck = 1000});
  fake::kernel& kernel = *made;
  runtime rt = detail::runtime_access::make(std::move(made), {}).value();
  const auto& io = detail::ring_driver::of(*detail::runtime_access::loop_of(rt)->io);
  rt.block_on([&]() -> task<> {
    auto older = spawn(read_for_long, from);
    co_await sleep_for(
        std::chrono::seconds(60));  // by then its cancel is repeated once in a second
    const auto before = io.counters().cancels;
    EXPECT_LT(before, 80U);
    auto newer = spawn(read_for_long, from);
    co_await sleep_for(std::chrono::milliseconds(100));
    EXPECT_GE(io.counters().cancels - before, 4U);
    kernel.release_stuck();
    co_await std::move(older);
    co_await std::move(newer);
  }());
}

TEST(cancel_race, a_denied_enter_withdraws_an_operation_together_with_its_cancel) {
  const test::temp_dir dir;
  const auto path = dir.make("file", "some bytes");
  for (std::uint64_t seed = 0; seed < 100; ++seed)
    abort_reads_on({.seed = seed, .refused = 500, .denied = 200}, path);
}

}  // namespace
}  // namespace carousel
