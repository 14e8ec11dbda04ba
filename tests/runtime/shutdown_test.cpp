#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "support/bytes.hpp"
#include "support/foreign.hpp"
#include "support/in_flight.hpp"
#include "support/logged_bytes.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/small.hpp"

// The end of a runtime: tasks die, buffers come home, and what outlives it is harmless.

namespace carousel {
namespace {

using test::foreign;
using test::logged;
using test::logged_bytes;
using test::pipe_pair;
using test::read_fixed_once;
using test::run;
using test::small;
using test::text_of;
using test::until_submitted;

task<> nothing() { co_return; }

TEST(shutdown, gives_back_the_leases_of_reads_in_flight) {
  const pipe_pair pipe;
  const auto pool = fixed_buf_pool::make({{small, 8}}).value();
  run([&]() -> task<> {
    EXPECT_TRUE(pool.register_buffers());
    const file end = pipe.reader();
    for (int i = 0; i < 8; ++i) (void)spawn(read_fixed_once, end, pool);
    co_await until_submitted();
    EXPECT_FALSE(pool.try_next(small));
  });
  std::vector<fixed_buf> back;
  while (auto lease = pool.try_next(small)) back.push_back(std::move(*lease));
  EXPECT_EQ(back.size(), 8U);
  pipe.put("untouched");
  EXPECT_EQ(pipe.take(), "untouched");
}

TEST(shutdown, leaves_the_memory_to_the_leases_that_are_out) {
  const pipe_pair pipe;
  int ended = 0;
  auto survivor = run([&]() -> task<std::optional<fixed_buf>> {
    std::vector<logged_bytes> memory;
    for (int i = 0; i < 2; ++i) memory.emplace_back(small, ended);
    const auto pool = fixed_buf_pool::from(std::move(memory)).value();
    EXPECT_TRUE(pool.register_buffers());
    (void)spawn(read_fixed_once, pipe.reader(), pool);
    co_await until_submitted();
    co_return pool.try_next(small);
  });
  ASSERT_TRUE(survivor);
  EXPECT_EQ(ended, 0);
  survivor->append(test::bytes_of("here"));
  EXPECT_EQ(text_of(survivor->bytes()), "here");
  survivor.reset();
  EXPECT_EQ(ended, 2);
}

foreign read_alone(file from, fixed_buf lease, bool& resumed) {
  auto r = co_await from.read_fixed(std::move(lease));
  resumed = true;
}

TEST(shutdown, leaves_a_foreign_reader_harmless) {
  const pipe_pair pipe;
  const auto pool = fixed_buf_pool::make({{small, 2}}).value();
  bool resumed = false;
  foreign submitted;
  foreign queued;
  run([&]() -> task<> {
    EXPECT_TRUE(pool.register_buffers());
    submitted = read_alone(pipe.reader(), std::move(*pool.try_next(small)), resumed);
    co_await until_submitted();
    queued = read_alone(pipe.reader(), std::move(*pool.try_next(small)), resumed);
    EXPECT_FALSE(pool.try_next(small));
  });
  {
    auto one = pool.try_next(small);
    auto other = pool.try_next(small);
    EXPECT_TRUE(one && other);
  }
  submitted.destroy();
  queued.destroy();
  EXPECT_FALSE(resumed);
}

foreign wait_alone(fixed_buf_pool pool, std::chrono::nanoseconds limit) {
  const auto lease = co_await pool.next(small, std::chrono::steady_clock::now() + limit);
  ADD_FAILURE() << "nobody can wake this one";
}

TEST(shutdown, leaves_a_foreign_waiter_of_a_pool_harmless) {
  const auto pool = fixed_buf_pool::make({{small, 1}}).value();
  auto held = pool.try_next(small);
  foreign waiter;
  run([&]() -> task<> {
    waiter = wait_alone(pool, std::chrono::hours(1));
    co_return;
  });
  held.reset();
  waiter.destroy();
  EXPECT_TRUE(pool.try_next(small));
}

foreign sleep_alone() { co_await sleep_for(std::chrono::hours(1)); }
foreign yield_alone() { co_await yield(); }
foreign join_alone(join_handle<void> h) { co_await std::move(h); }

TEST(shutdown, leaves_other_foreign_coroutines_harmless) {
  foreign sleeper;
  foreign ready;
  foreign joiner;
  run([&]() -> task<> {
    sleeper = sleep_alone();
    joiner = join_alone(spawn([]() -> task<> { co_await sleep_for(std::chrono::hours(1)); }));
    co_await until_submitted();
  });
  sleeper.destroy();
  joiner.destroy();
  runtime rt = test::make_runtime().value();
  auto body = [&]() -> task<> {
    (void)spawn([&ready]() -> task<> {
      ready = yield_alone();
      co_return;
    });
    co_return;
  };
  rt.block_on(body());
  EXPECT_TRUE(rt.shutdown(std::chrono::seconds(5)));
  ready.destroy();
}

task<> hold(logged kept) {
  const logged here = std::move(kept);
  co_await sleep_for(std::chrono::hours(1));
}

TEST(shutdown, destroys_the_tasks_and_leaves_an_empty_runtime) {
  int ended = 0;
  runtime rt = test::make_runtime().value();
  auto body = [&]() -> task<> {
    for (int i = 0; i < 3; ++i) (void)spawn(hold, logged(ended));
    co_await yield();
    (void)spawn(hold, logged(ended));  // never starts
  };
  rt.block_on(body());
  EXPECT_EQ(ended, 0);
  EXPECT_TRUE(rt.shutdown(std::chrono::seconds(5)));
  EXPECT_EQ(ended, 4);
  EXPECT_EQ(test::error_of(rt.poll()), errc::shut_down);
  EXPECT_EQ(test::error_of(rt.shutdown(std::chrono::seconds(5))), errc::shut_down);
}

struct spawns_when_it_ends {
  bool* ran;
  explicit spawns_when_it_ends(bool& flag) noexcept : ran(&flag) {}
  spawns_when_it_ends(const spawns_when_it_ends&) = delete;
  spawns_when_it_ends& operator=(const spawns_when_it_ends&) = delete;
  ~spawns_when_it_ends() {
    (void)spawn([flag = ran]() -> task<> {
      *flag = true;
      co_return;
    });
  }
};

TEST(shutdown, destroys_what_is_spawned_meanwhile) {
  bool ran = false;
  run([&]() -> task<> {
    (void)spawn([&ran]() -> task<> {
      const spawns_when_it_ends late(ran);
      co_await sleep_for(std::chrono::hours(1));
    });
    co_await yield();
  });
  EXPECT_FALSE(ran);
}

TEST(shutdown_death, block_on_afterwards_says_so) {
  runtime rt = test::make_runtime().value();
  EXPECT_TRUE(rt.shutdown(std::chrono::seconds(5)));
  EXPECT_DEATH(rt.block_on(nothing()), "this runtime was moved from or shut down");
}

}  // namespace
}  // namespace carousel
