#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "support/run.hpp"

namespace carousel {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using test::error_of;
using test::run;

task<> note(event& e, std::string& log, char name) {
  const result<> woken = co_await e.wait();
  log += woken ? name : '!';
}

TEST(event, all_that_wait_go_on_in_their_order) {
  event e;
  std::string log;
  run([&]() -> task<> {
    std::vector<join_handle<void>> all;
    for (const char name : std::string("abcd")) all.push_back(spawn(note(e, log, name)));
    co_await yield();
    EXPECT_EQ(log, "");
    e.set();
    e.reset();  // takes nothing from those that were woken
    for (auto& one : all) co_await std::move(one);
    EXPECT_FALSE(e.is_set());
  });
  EXPECT_EQ(log, "abcd");
}

TEST(event, who_comes_later_does_not_wait) {
  run([]() -> task<> {
    event e;
    e.set();
    for (int i = 0; i < 10'000; ++i) {
      const result<> woken = co_await e.wait();
      EXPECT_TRUE(woken);
    }
  });
}

TEST(event, a_deadline_ends_the_waiting_and_leaves_the_line) {
  run([]() -> task<> {
    event e;
    const result<> late = co_await timeout(milliseconds(1), e.wait());
    EXPECT_EQ(error_of(late), errc::timed_out);
    e.set();
    const result<> now = co_await timeout(hours(1), e.wait());
    EXPECT_TRUE(now);
  });
}

TEST(event, a_waiter_that_is_destroyed_leaves_the_line) {
  event e;
  std::string log;
  run([&]() -> task<> {
    auto dead = spawn(note(e, log, 'x'));
    auto alive = spawn(note(e, log, 'a'));
    co_await yield();
    dead.abort();
    e.set();
    co_await std::move(alive);
  });
  EXPECT_EQ(log, "a");
}

TEST(event, one_that_was_served_may_be_destroyed_before_it_runs) {
  event e;
  std::string log;
  run([&]() -> task<> {
    auto dead = spawn(note(e, log, 'x'));
    co_await yield();
    e.set();
    dead.abort();
    co_await yield();
  });
  EXPECT_EQ(log, "");
}

TEST(event, a_stop_after_the_set_does_not_undo_it) {
  run([]() -> task<> {
    event e;
    auto both = spawn([](event& on) -> task<result<>> {
      auto [first, results] = co_await when_any(on.wait(), on.wait());
      co_return std::get<1>(results);  // asked to stop when the first one ended
    }(e));
    co_await yield();
    e.set();
    const result<> loser = co_await std::move(both);
    EXPECT_TRUE(loser);
  });
}

TEST(event, waiting_outlives_a_runtime_that_ends) {
  event e;
  {
    std::string log;
    run([&]() -> task<> {
      spawn(note(e, log, 'x')).detach();
      co_await yield();
    });
    EXPECT_EQ(log, "");
  }
  e.set();
}

using event_death = testing::Test;

TEST(event_death, a_loop_in_which_nothing_can_happen_names_who_waits) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        event e;
        run([&]() -> task<> { (void)co_await e.wait(); });
      },
      "waits for an event");
}

TEST(event_death, it_must_outlive_who_waits_for_it) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(run([]() -> task<> {
                 std::string log;
                 std::optional<event> e(std::in_place);
                 auto waits = spawn(note(*e, log, 'x'));
                 co_await yield();
                 e.reset();
               }),
               "was destroyed while a task waits for it");
}

}  // namespace
}  // namespace carousel
