#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <ratio>
#include <string>
#include <utility>
#include <vector>

#include "support/make_runtime.hpp"
#include "support/run.hpp"

// Timers of tasks: in the order of their deadlines, and gone with their tasks.

namespace carousel {
namespace {

using std::chrono::steady_clock;
using test::run;

task<> write_at(steady_clock::time_point when, char name, std::string& order) {
  co_await sleep_until(when);
  EXPECT_GE(steady_clock::now(), when);
  order += name;
}

TEST(sleep, ends_in_the_order_of_the_deadlines) {
  std::string order;
  run([&]() -> task<> {
    const auto soon = steady_clock::now() + std::chrono::milliseconds(5);
    std::vector<join_handle<void>> all;
    for (const char name : std::string("dbaec")) {
      const auto when = soon + std::chrono::microseconds(name - 'a');
      all.push_back(spawn(write_at, when, name, std::ref(order)));
    }
    for (auto& one : all) co_await std::move(one);
  });
  EXPECT_EQ(order, "abcde");
}

TEST(sleep, until_a_time_in_the_past_lets_the_others_run_once) {
  std::string order;
  run([&]() -> task<> {
    auto other = spawn(write_at, steady_clock::time_point::min(), 'x', std::ref(order));
    co_await sleep_for(std::chrono::hours(-1));
    order += 'm';
    co_await std::move(other);
  });
  EXPECT_EQ(order.size(), 2U);
}

TEST(sleep, that_is_aborted_is_disarmed) {
  run([]() -> task<> {
    std::vector<join_handle<void>> all;
    for (int i = 0; i < 100; ++i) {
      all.push_back(spawn([i]() -> task<> { co_await sleep_for(std::chrono::hours(i % 7 + 1)); }));
    }
    co_await yield();
    for (auto& one : all) one.abort();
    co_await sleep_for(std::chrono::milliseconds(1));
  });
}

TEST(sleep, for_longer_than_the_clock_can_tell_is_for_ever) {
  run([]() -> task<> {
    auto for_ever = spawn([]() -> task<> { co_await sleep_for(std::chrono::nanoseconds::max()); });
    co_await sleep_for(std::chrono::milliseconds(1));
    EXPECT_FALSE(for_ever.done());
    for_ever.abort();
  });
}

TEST(sleep, takes_every_duration) {
  run([]() -> task<> {
    const auto still_sleeps = [](auto duration) -> task<> {
      auto sleeper = spawn([](auto d) -> task<> { co_await sleep_for(d); }, duration);
      co_await sleep_for(std::chrono::milliseconds(1));
      EXPECT_FALSE(sleeper.done());
      sleeper.abort();
    };
    co_await still_sleeps(std::chrono::years(300));
    co_await still_sleeps(std::chrono::hours::max());
    co_await still_sleeps(std::chrono::duration<double>(1e300));
    co_await sleep_for(std::chrono::hours::min());
    co_await sleep_for(std::chrono::duration<double>(-1e300));
  });
}

TEST(sleep, until_takes_every_time_of_its_clock) {
  using std::chrono::steady_clock;
  using hours_of = std::chrono::time_point<steady_clock, std::chrono::hours>;
  using seconds_of = std::chrono::time_point<steady_clock, std::chrono::duration<double>>;
  run([]() -> task<> {
    const auto pool = fixed_buf_pool::make({{64, 1}}).value();
    auto lease = pool.try_next(64);
    const auto still_waits = [&](auto when) -> task<> {
      auto sleeper = spawn([](auto at) -> task<> { co_await sleep_until(at); }, when);
      auto waiter =
          spawn([](auto from, auto at) -> task<> { (void)co_await from.next(64, at); }, pool, when);
      co_await sleep_for(std::chrono::milliseconds(1));
      EXPECT_FALSE(sleeper.done() || waiter.done());
      sleeper.abort();
      waiter.abort();
    };
    co_await still_waits(steady_clock::time_point::max());
    co_await still_waits(hours_of::max());
    co_await still_waits(seconds_of::max());
    co_await still_waits(steady_clock::now() + std::chrono::duration<double>(1e9));
    co_await sleep_until(hours_of::min());
    co_await sleep_until(seconds_of::min());
    co_await sleep_until(steady_clock::now() + std::chrono::duration<double>(1e-6));
    EXPECT_FALSE(co_await pool.next(64, hours_of::min()));
  });
}

TEST(sleep, shutdown_takes_every_duration) {
  runtime rt = test::make_runtime({.shutdown_deadline = std::chrono::hours::max()}).value();
  rt.block_on([]() -> task<> {
    spawn([]() -> task<> { co_await sleep_for(std::chrono::years(300)); }).detach();
    co_await yield();
  }());
  EXPECT_TRUE(rt.shutdown(std::chrono::hours::max()));
}

TEST(sleep, ticks_that_are_no_whole_nanoseconds_are_rounded_up_and_do_not_overflow) {
  using detail::saturated;
  using std::chrono::duration;
  using std::chrono::nanoseconds;
  using thirds = duration<std::int64_t, std::ratio<1, 3>>;
  using frames = duration<std::int64_t, std::ratio<1, 60>>;
  EXPECT_EQ(saturated(thirds(1)), nanoseconds(333'333'334));
  EXPECT_EQ(saturated(thirds(3)), std::chrono::seconds(1));
  EXPECT_EQ(saturated(duration<std::int64_t, std::pico>(1)), nanoseconds(1));
  // A hundred years.
  EXPECT_EQ(saturated(thirds(10'000'000'000)), nanoseconds(3'333'333'333'333'333'334));
  EXPECT_EQ(saturated(frames(200'000'000'000)), nanoseconds(3'333'333'333'333'333'334));
  EXPECT_EQ(saturated(frames::max()), nanoseconds::max());
}

TEST(sleep, unsigned_ticks_do_not_become_negative) {
  using detail::saturated;
  using std::chrono::duration;
  using std::chrono::nanoseconds;
  constexpr std::uint64_t half = std::uint64_t{1} << 63U;
  using femtoseconds = duration<std::uint64_t, std::femto>;
  using cycles = duration<std::uint64_t, std::ratio<1, 4'000'000'000>>;
  EXPECT_EQ(saturated(femtoseconds(half)), nanoseconds(9'223'372'036'855));
  EXPECT_EQ(saturated(cycles(half)), nanoseconds(half / 4));
  EXPECT_EQ(saturated(duration<std::uint64_t, std::nano>(half)), nanoseconds::max());
  EXPECT_EQ(saturated(duration<std::uint64_t>(~std::uint64_t{0})), nanoseconds::max());
}

}  // namespace
}  // namespace carousel
