#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "fake/kernel.hpp"
#include "loop/runtime_access.hpp"
#include "support/run.hpp"

// On the fake kernel, where time passes only while everybody waits.

namespace carousel {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using test::error_of;

constexpr milliseconds period(10);

template <class F>
void in_virtual_time(F f) {
  runtime rt =
      detail::runtime_access::make(std::make_unique<fake::kernel>(fake::kernel_options{}), {})
          .value();
  rt.block_on(f());
}

TEST(interval, has_ticks_on_a_grid_however_late_they_are_taken) {
  in_virtual_time([]() -> task<> {
    const auto start = detail::now();
    auto ticks = every(period);
    for (int n = 1; n <= 50; ++n) {
      const auto tick = co_await ticks.next();
      EXPECT_EQ(tick->due, start + n * period);
      EXPECT_EQ(tick->missed, 0U);
      EXPECT_EQ(detail::now(), tick->due);
      co_await sleep_for(milliseconds(n % 10));
    }
  });
}

TEST(interval, says_how_many_were_missed_and_goes_on_along_the_grid) {
  in_virtual_time([]() -> task<> {
    const auto start = detail::now();
    auto ticks = every(period);
    co_await sleep_for(period * 7 / 2);
    const auto late = co_await ticks.next();
    EXPECT_EQ(late->due, start + 3 * period);
    EXPECT_EQ(late->missed, 2U);
    const auto next = co_await ticks.next();
    EXPECT_EQ(next->due, start + 4 * period);
    EXPECT_EQ(next->missed, 0U);
  });
}

TEST(interval, a_stopped_wait_leaves_the_tick_to_come) {
  in_virtual_time([]() -> task<> {
    const auto start = detail::now();
    auto ticks = every(period);
    EXPECT_EQ(error_of(co_await timeout(period / 2, ticks.next())), errc::timed_out);
    EXPECT_EQ((co_await ticks.next())->due, start + period);
  });
}

TEST(interval, a_waiter_may_die_at_any_moment) {
  in_virtual_time([]() -> task<> {
    const auto start = detail::now();
    auto ticks = every(period);
    for (int turns = 0; turns < 3; ++turns) {
      auto dies = spawn([&]() -> task<> { (void)co_await ticks.next(); });
      for (int i = 0; i < turns; ++i) co_await yield();
      dies.abort();
    }
    EXPECT_EQ((co_await ticks.next())->due, start + period);
  });
}

TEST(interval, tasks_that_wait_get_one_tick_each) {
  in_virtual_time([]() -> task<> {
    const auto start = detail::now();
    auto ticks = every(period);
    std::vector<detail::steady_time> due;
    const auto take = [&]() -> task<> {
      const auto tick = co_await ticks.next();
      EXPECT_LE(tick->due, detail::now());
      due.push_back(tick->due);
    };
    std::vector<join_handle<void>> all;
    for (int i = 0; i < 3; ++i) all.push_back(spawn(take));
    for (auto& one : all) co_await std::move(one);
    EXPECT_EQ(due, (std::vector{start + period, start + 2 * period, start + 3 * period}));
  });
}

TEST(interval, of_more_than_the_clock_can_tell_never_ticks) {
  in_virtual_time([]() -> task<> {
    auto never = every(std::chrono::years(300));
    EXPECT_EQ(error_of(co_await timeout(hours(100'000), never.next())), errc::timed_out);
  });
}

TEST(interval, thousands_take_nothing_from_the_kernel_but_one_timeout) {
  runtime rt = test::make_runtime().value();
  std::uint64_t ticked = 0;
  constexpr std::uint64_t many = 5000;
  auto body = [&]() -> task<> {
    std::vector<join_handle<void>> all;
    for (std::uint64_t i = 0; i < many; ++i) {
      all.push_back(spawn([&]() -> task<> {
        auto ticks = every(milliseconds(5));
        for (int n = 0; n < 2; ++n) ticked += (co_await ticks.next()).has_value() ? 1 : 0;
      }));
    }
    for (auto& one : all) co_await std::move(one);
  };
  rt.block_on(body());
  EXPECT_EQ(ticked, 2 * many);
  EXPECT_EQ(rt.stats().operations, 0U);
}

TEST(interval_death, has_a_period) {
  EXPECT_DEATH((void)every(milliseconds(0)), "a period of one nanosecond at least");
}

}  // namespace
}  // namespace carousel
