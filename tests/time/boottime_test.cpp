#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

#include "fake/kernel.hpp"
#include "loop/runtime_access.hpp"
#include "support/run.hpp"

// Deadlines that a suspended machine does not delay. Only the fake kernel can be suspended.

namespace carousel {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using test::error_of;
using test::run;

struct machine {
  machine() {
    auto made = std::make_unique<fake::kernel>(fake::kernel_options{});
    kernel = made.get();
    rt.emplace(detail::runtime_access::make(std::move(made), {}).value());
  }
  fake::kernel* kernel = nullptr;
  std::optional<runtime> rt;
};

TEST(boottime, a_sleep_ends_when_its_time_has_come) {
  run([]() -> task<> {
    const auto until = boottime_clock::now() + milliseconds(5);
    EXPECT_TRUE(co_await sleep_until(until));
    EXPECT_GE(boottime_clock::now(), until);
  });
}

TEST(boottime, a_time_in_the_past_ends_at_once) {
  run([]() -> task<> {
    EXPECT_TRUE(co_await sleep_until(boottime_clock::now() - milliseconds(5)));
    EXPECT_TRUE(co_await sleep_until(boottime_clock::time_point::min()));
  });
}

TEST(boottime, a_sleep_can_be_stopped_and_may_die) {
  run([]() -> task<> {
    const auto later = boottime_clock::now() + hours(1);
    EXPECT_EQ(error_of(co_await timeout(milliseconds(1), sleep_until(later))), errc::timed_out);
    EXPECT_EQ(
        error_of(co_await timeout(milliseconds(1), sleep_until(boottime_clock::time_point::max()))),
        errc::timed_out);
    std::stop_source stopped;
    stopped.request_stop();
    EXPECT_EQ(error_of(co_await stop_on(stopped.get_token(), sleep_until(later))), errc::canceled);
    for (int turns = 0; turns < 3; ++turns) {
      auto dies = spawn([&]() -> task<> { (void)co_await sleep_until(later); });
      for (int i = 0; i < turns; ++i) co_await yield();
      dies.abort();
    }
  });
}

TEST(boottime, is_not_delayed_by_a_machine_that_sleeps) {
  machine here;
  auto body = [&]() -> task<> {
    const auto steady = detail::now();
    const auto until = boottime_clock::now() + hours(2);
    auto sleeper = spawn([&]() -> task<> { EXPECT_TRUE(co_await sleep_until(until)); });
    auto by_steady_clock = spawn([]() -> task<> { co_await sleep_for(hours(2)); });
    co_await sleep_for(milliseconds(1));
    here.kernel->suspend(hours(3));
    co_await std::move(sleeper);
    EXPECT_LT(detail::now() - steady, hours(1));
    EXPECT_GE(boottime_clock::now(), until);
    EXPECT_FALSE(by_steady_clock.done());
    by_steady_clock.abort();
  };
  here.rt->block_on(body());
}

TEST(boottime, an_interval_counts_what_it_missed_while_the_machine_slept) {
  machine here;
  auto body = [&]() -> task<> {
    const auto start = boottime_clock::now();
    auto ticks = every<boottime_clock>(hours(1));
    EXPECT_EQ((co_await ticks.next())->due, start + hours(1));
    here.kernel->suspend(hours(10) + std::chrono::minutes(30));
    const auto late = co_await ticks.next();
    EXPECT_EQ(late->due, start + hours(11));
    EXPECT_EQ(late->missed, 9U);
    EXPECT_EQ((co_await ticks.next())->due, start + hours(12));
  };
  here.rt->block_on(body());
}

}  // namespace
}  // namespace carousel
