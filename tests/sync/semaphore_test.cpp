#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/run.hpp"

namespace carousel {
namespace {

using std::chrono::milliseconds;
using test::error_of;
using test::run;

task<> hold(semaphore& s, std::size_t many, std::string& log, char name) {
  const result<semaphore::permit> mine = co_await s.acquire(many);
  if (!mine) co_return;
  log += name;
  co_await yield();
}

TEST(semaphore, nobody_overtakes_one_that_waits_for_more) {
  semaphore s(3);
  std::string log;
  run([&]() -> task<> {
    std::optional<semaphore::permit> two = s.try_acquire(2);
    EXPECT_TRUE(two);
    std::vector<join_handle<void>> all;
    all.push_back(spawn(hold(s, 3, log, 'a')));
    all.push_back(spawn(hold(s, 1, log, 'b')));
    co_await yield();
    EXPECT_EQ(log, "");  // one is free, and `a` stands before `b`
    EXPECT_FALSE(s.try_acquire());
    two.reset();
    for (auto& one : all) co_await std::move(one);
  });
  EXPECT_EQ(log, "ab");
  EXPECT_EQ(s.available(), 3U);
}

TEST(semaphore, one_that_is_stopped_in_front_lets_those_behind_go_on) {
  semaphore s(2);
  std::string log;
  run([&]() -> task<> {
    std::optional<semaphore::permit> one = s.try_acquire();
    auto behind = spawn([](semaphore& of, std::string& into) -> task<> {
      co_await yield();  // after the one that wants two
      co_await hold(of, 1, into, 'b');
    }(s, log));
    const auto mine = co_await timeout(milliseconds(1), s.acquire(2));
    EXPECT_EQ(error_of(mine), errc::timed_out);
    co_await std::move(behind);
    EXPECT_EQ(log, "b");
  });
  EXPECT_EQ(s.available(), 2U);
}

TEST(semaphore, one_that_is_destroyed_in_front_lets_those_behind_go_on) {
  semaphore s(2);
  std::string log;
  run([&]() -> task<> {
    std::optional<semaphore::permit> one = s.try_acquire();
    auto front = spawn(hold(s, 2, log, 'a'));
    auto behind = spawn(hold(s, 1, log, 'b'));
    co_await yield();
    front.abort();
    co_await std::move(behind);
  });
  EXPECT_EQ(log, "b");
  EXPECT_EQ(s.available(), 2U);
}

TEST(semaphore, a_permit_of_one_that_dies_before_it_runs_goes_on) {
  semaphore s(1);
  std::string log;
  run([&]() -> task<> {
    std::optional<semaphore::permit> one = s.try_acquire();
    auto first = spawn(hold(s, 1, log, 'a'));
    auto second = spawn(hold(s, 1, log, 'b'));
    co_await yield();
    one.reset();    // granted to the first
    first.abort();  // which has not run since
    co_await std::move(second);
  });
  EXPECT_EQ(log, "b");
  EXPECT_EQ(s.available(), 1U);
}

TEST(semaphore, a_loser_of_when_any_gives_its_permit_back) {
  semaphore s(2);
  run([&]() -> task<> {
    {
      const auto [first, permits] = co_await when_any(s.acquire(), s.acquire());
      EXPECT_EQ(first, 0U);
    }
    EXPECT_EQ(s.available(), 2U);
  });
}

TEST(semaphore, a_permit_that_was_moved_from_gives_nothing_back) {
  semaphore s(2);
  auto a = s.try_acquire();
  semaphore::permit b = std::move(*a);
  a->release();
  EXPECT_EQ(s.available(), 1U);
  b = s.try_acquire().value();
  EXPECT_EQ(s.available(), 1U);
  b.release();
  b.release();
  EXPECT_EQ(s.available(), 2U);
}

using semaphore_death = testing::Test;

TEST(semaphore_death, more_permits_than_there_are_is_a_mistake) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(run([]() -> task<> {
                 semaphore s(2);
                 (void)co_await s.acquire(3);
               }),
               "more permits were asked for than the semaphore has");
}

TEST(mutex, keeps_apart_what_tasks_do_over_several_awaits) {
  mutex m;
  int inside = 0;
  int done = 0;
  const auto work = [&]() -> task<> {
    const result<mutex::guard> locked = co_await m.lock();
    EXPECT_TRUE(locked);
    EXPECT_EQ(++inside, 1);
    for (int i = 0; i < 3; ++i) co_await yield();
    --inside;
    ++done;
  };
  run([&]() -> task<> {
    std::vector<join_handle<void>> all;
    for (int i = 0; i < 20; ++i) all.push_back(spawn(work()));
    all[7].abort();
    co_await yield();
    EXPECT_TRUE(m.locked());
    EXPECT_FALSE(m.try_lock());
    all[0].abort();  // in the middle
    inside = 0;
    for (std::size_t i = 1; i < all.size(); ++i) {
      if (i != 7) co_await std::move(all[i]);
    }
  });
  EXPECT_EQ(done, 18);
  EXPECT_FALSE(m.locked());
}

}  // namespace
}  // namespace carousel
