#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

#include "fake/kernel.hpp"
#include "runtime/runtime_access.hpp"
#include "support/temp_dir.hpp"

// A cancel and its operation end in any order, also in one batch of completions.

namespace carousel {
namespace {

constexpr std::size_t small = 64;

task<> read_once(file from, fixed_buf_pool pool) {
  auto lease = co_await pool.next(small);
  const auto r = co_await from.read_fixed_at(std::move(*lease), 0);
}

task<> abort_one_read(const std::filesystem::path& path) {
  auto opened = co_await file::open(path);
  const file from = std::move(opened).value();
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

TEST(cancel_race, a_cancel_that_comes_too_late_is_harmless_in_any_order) {
  const test::temp_dir dir;
  const auto path = dir.make("file", "some bytes");
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const fake::kernel_options options{.seed = seed,
                                       .async = 1000,
                                       .delay_max = std::chrono::microseconds(20),
                                       .turn_max = std::chrono::microseconds(40)};
    runtime rt =
        detail::runtime_access::make(std::make_unique<fake::kernel>(options), {.entries = 8})
            .value();
    rt.block_on(abort_one_read(path));
    EXPECT_TRUE(rt.shutdown(std::chrono::seconds(5)));
  }
}

}  // namespace
}  // namespace carousel
