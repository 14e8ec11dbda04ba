#include <fcntl.h>
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

TEST(cancel_race, a_denied_enter_takes_back_an_operation_together_with_its_cancel) {
  const test::temp_dir dir;
  const auto path = dir.make("file", "some bytes");
  for (std::uint64_t seed = 0; seed < 100; ++seed)
    abort_reads_on({.seed = seed, .refused = 500, .denied = 200}, path);
}

}  // namespace
}  // namespace carousel
