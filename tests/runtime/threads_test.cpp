#include <gtest/gtest.h>

#include <carousel/carousel.hpp>
#include <cstring>
#include <optional>
#include <thread>
#include <vector>

#include "support/run.hpp"

namespace {

using namespace carousel;

task<std::size_t> read_zeroes(std::size_t rounds) {
  auto pool = fixed_buf_pool::make({{4096, 4}}).value();
  pool.register_buffers().value();
  const file zero = (co_await file::open("/dev/zero")).value();
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < rounds; ++i) {
    auto lease = co_await pool.next(4096);
    auto r = co_await zero.read_fixed_at(std::move(lease.value()), 0);
    bytes += r.res.value();
  }
  co_return bytes;
}

TEST(threads, each_has_a_runtime_of_its_own) {
  std::vector<std::size_t> read(3);
  {
    std::vector<std::jthread> threads;
    for (std::size_t& bytes : read) {
      threads.emplace_back([&bytes] { bytes = test::run([] { return read_zeroes(50); }); });
    }
  }
  for (const std::size_t bytes : read) EXPECT_EQ(bytes, 50U * 4096);
}

TEST(threads, a_lease_that_outlives_its_runtime_may_end_on_another_thread) {
  auto pool = fixed_buf_pool::make({{64, 1}}).value();
  std::optional<fixed_buf> lease;
  std::jthread([&] {
    test::run([&]() -> task<> {
      pool.register_buffers().value();
      lease = pool.try_next(64);
      co_return;
    });
  }).join();
  ASSERT_TRUE(lease.has_value());
  EXPECT_FALSE(pool.try_next(64).has_value());
  lease.reset();
  EXPECT_TRUE(pool.try_next(64).has_value());
}

TEST(threads, a_task_that_never_ran_may_be_destroyed_on_another_thread) {
  std::optional<task<std::size_t>> made(read_zeroes(1));
  std::jthread([&] { made.reset(); }).join();
  EXPECT_FALSE(made.has_value());
}

TEST(threads_death, a_runtime_is_driven_by_the_thread_that_made_it) {
  const auto elsewhere = [] {  // the child of a death test makes its own runtime
    auto rt = runtime::make().value();
    std::jthread([&] { (void)rt.poll(); }).join();
  };
  EXPECT_DEATH(elsewhere(), "belongs to the thread that made it");
}

}  // namespace
