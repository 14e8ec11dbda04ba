#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "support/run.hpp"

namespace carousel {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using test::error_of;
using test::run;

task<> until_set(event& e) { (void)co_await e.wait(); }

struct counted {
  int& alive;
  explicit counted(int& of) noexcept : alive(of) { ++alive; }
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;
  ~counted() { --alive; }
};

task<> live_until_set(event& e, int& alive) {
  const counted one(alive);
  (void)co_await e.wait();
}

TEST(task_group, waiting_ends_when_the_last_task_is_over) {
  std::string log;
  run([&]() -> task<> {
    task_group group;
    for (const char name : std::string("abc")) {
      const result<> started = co_await group.spawn([&log, name]() -> task<> {
        co_await yield();
        log += name;
      });
      EXPECT_TRUE(started);
    }
    EXPECT_EQ(group.running(), 3U);
    const result<> all = co_await group.wait();
    EXPECT_TRUE(all);
    EXPECT_EQ(group.running(), 0U);
    const result<> again = co_await group.wait();
    EXPECT_TRUE(again);
  });
  EXPECT_EQ(log, "abc");
}

TEST(task_group, so_many_run_at_a_time) {
  run([]() -> task<> {
    event go;
    int alive = 0;
    int most = 0;
    task_group group(3);
    for (int i = 0; i < 3; ++i)
      EXPECT_TRUE(group.try_spawn(live_until_set, std::ref(go), std::ref(alive)));
    EXPECT_FALSE(group.try_spawn(live_until_set, std::ref(go), std::ref(alive)));
    const result<> full = co_await timeout(milliseconds(1), group.spawn(until_set, std::ref(go)));
    EXPECT_EQ(error_of(full), errc::timed_out);
    EXPECT_EQ(group.running(), 3U);
    go.set();
    for (int i = 0; i < 20; ++i) {
      const result<> started = co_await group.spawn(
          [](int& now, int& top) -> task<> {
            const counted one(now);
            top = std::max(top, now);
            co_await yield();
          },
          std::ref(alive), std::ref(most));
      EXPECT_TRUE(started);
    }
    const result<> all = co_await group.wait();
    EXPECT_TRUE(all);
    EXPECT_EQ(most, 3);
  });
}

TEST(task_group, the_first_error_is_told_and_ends_nobody) {
  std::string log;
  run([&]() -> task<> {
    task_group group;
    EXPECT_TRUE(group.try_spawn(
        []() -> task<result<>> { co_return std::unexpected(make_error_code(errc::closed)); }));
    EXPECT_TRUE(group.try_spawn([]() -> task<> {
      co_await yield();
      throw std::runtime_error("too late");
    }));
    EXPECT_TRUE(group.try_spawn([&log]() -> task<result<>> {
      co_await yield();
      co_await yield();
      log += 'x';
      co_return {};
    }));
    const result<> all = co_await group.wait();
    EXPECT_EQ(error_of(all), errc::closed);
  });
  EXPECT_EQ(log, "x");
}

TEST(task_group, an_exception_that_came_first_is_rethrown) {
  run([]() -> task<> {
    task_group group;
    EXPECT_TRUE(group.try_spawn([]() -> task<> {
      throw std::runtime_error("first");
      co_return;
    }));
    std::string told;
    try {
      (void)co_await group.wait();
    } catch (const std::runtime_error& e) {
      told = e.what();
    }
    EXPECT_EQ(told, "first");
  });
}

TEST(task_group, abort_destroys_all_that_are_suspended_or_have_not_begun) {
  run([]() -> task<> {
    event never;
    int alive = 0;
    task_group group;
    for (int i = 0; i < 3; ++i)
      EXPECT_TRUE(group.try_spawn(live_until_set, std::ref(never), std::ref(alive)));
    co_await yield();
    EXPECT_EQ(alive, 3);
    EXPECT_TRUE(group.try_spawn(live_until_set, std::ref(never), std::ref(alive)));
    group.abort();
    EXPECT_EQ(alive, 0);
    EXPECT_EQ(group.running(), 0U);
    const result<> all = co_await group.wait();
    EXPECT_TRUE(all);
    EXPECT_TRUE(group.try_spawn(live_until_set, std::ref(never), std::ref(alive)));  // and goes on
  });
}

TEST(task_group, one_of_its_tasks_may_abort_it) {
  run([]() -> task<> {
    event never;
    int alive = 0;
    bool went_on = false;
    task_group group;
    EXPECT_TRUE(group.try_spawn(live_until_set, std::ref(never), std::ref(alive)));
    EXPECT_TRUE(group.try_spawn(
        [](task_group& mine, bool& beyond) -> task<> {
          co_await yield();
          mine.abort();
          co_await yield();
          beyond = true;
        },
        std::ref(group), std::ref(went_on)));
    const result<> all = co_await group.wait();
    EXPECT_TRUE(all);
    EXPECT_EQ(alive, 0);
    EXPECT_FALSE(went_on);
  });
}

TEST(task_group, its_end_is_that_of_its_tasks) {
  int alive = 0;
  run([&]() -> task<> {
    event never;
    {
      task_group group;
      EXPECT_TRUE(group.try_spawn(live_until_set, std::ref(never), std::ref(alive)));
      co_await yield();
      EXPECT_EQ(alive, 1);
    }
    EXPECT_EQ(alive, 0);
  });
}

TEST(task_group, a_runtime_that_ends_takes_the_tasks_and_leaves_the_group) {
  int alive = 0;
  std::optional<task_group> group(std::in_place);
  event never;
  run([&]() -> task<> {
    EXPECT_TRUE(group->try_spawn(live_until_set, std::ref(never), std::ref(alive)));
    co_await yield();
  });
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(group->running(), 0U);
  group.reset();
}

TEST(task_group, waiting_may_be_stopped_and_destroyed) {
  run([]() -> task<> {
    event go;
    task_group group;
    EXPECT_TRUE(group.try_spawn(until_set, std::ref(go)));
    const result<> late = co_await timeout(milliseconds(1), group.wait());
    EXPECT_EQ(error_of(late), errc::timed_out);
    auto waiter =
        spawn([](task_group& of) -> task<> { (void)co_await of.wait(); }, std::ref(group));
    co_await yield();
    waiter.abort();
    go.set();
    const result<> all = co_await timeout(hours(1), group.wait());
    EXPECT_TRUE(all);
  });
}

TEST(task_group, waiting_goes_on_while_others_are_started) {
  run([]() -> task<> {
    event first_go;
    event go;
    int alive = 0;
    task_group group(1);
    EXPECT_TRUE(group.try_spawn(until_set, std::ref(first_go)));
    // In line for the permit that the last task leaves.
    auto starter = spawn(
        [](task_group& of, event& on, int& live) -> task<> {
          (void)co_await of.spawn(live_until_set, std::ref(on), std::ref(live));
        },
        std::ref(group), std::ref(go), std::ref(alive));
    auto waiter = spawn(
        [](task_group& of, int& live) -> task<> {
          (void)co_await of.wait();
          EXPECT_EQ(of.running(), 0U);
          EXPECT_EQ(live, 0);
        },
        std::ref(group), std::ref(alive));
    co_await yield();
    first_go.set();
    for (int turns = 0; turns < 5; ++turns) co_await yield();
    EXPECT_FALSE(waiter.done());
    EXPECT_EQ(alive, 1);
    go.set();
    co_await std::move(waiter);
    co_await std::move(starter);
  });
}

TEST(task_group, a_task_object_may_be_started) {
  run([]() -> task<> {
    int sum = 0;
    task_group group;
    const result<> started = co_await group.spawn([](int& to) -> task<> {
      to += 2;
      co_return;
    }(sum));
    EXPECT_TRUE(started);
    const result<> all = co_await group.wait();
    EXPECT_TRUE(all);
    EXPECT_EQ(sum, 2);
  });
}

/// Starts one more task where it is destroyed.
struct starts_another {
  task_group& in;
  event& on;
  explicit starts_another(task_group& group, event& e) noexcept : in(group), on(e) {}
  starts_another(const starts_another&) = delete;
  starts_another& operator=(const starts_another&) = delete;
  ~starts_another() { EXPECT_TRUE(in.try_spawn(until_set, std::ref(on))); }
};

task<> start_another_at_the_end(task_group& group, event& never) {
  const starts_another at_exit(group, never);
  (void)co_await never.wait();
}

TEST(task_group, what_is_started_while_it_ends_ends_with_it) {
  run([]() -> task<> {
    event never;
    task_group group;
    EXPECT_TRUE(group.try_spawn(start_another_at_the_end, std::ref(group), std::ref(never)));
    co_await yield();
  });
}

TEST(task_group, what_is_started_while_the_runtime_ends_is_over_at_once) {
  event never;
  task_group group;
  run([&]() -> task<> {
    spawn(start_another_at_the_end, std::ref(group), std::ref(never)).detach();
    co_await yield();
    co_await yield();
  });
  EXPECT_EQ(group.running(), 0U);
}

TEST(task_group_death, one_that_ends_before_who_waits_for_it_says_so) {
  EXPECT_DEATH(run([]() -> task<> {
                 event never;
                 std::optional<task_group> group(std::in_place);
                 EXPECT_TRUE(group->try_spawn(until_set, std::ref(never)));
                 auto waiter = spawn([](task_group& of) -> task<> { (void)co_await of.wait(); },
                                     std::ref(*group));
                 co_await yield();
                 group.reset();
               }),
               "a task group was destroyed while a task waits for it");
}

TEST(task_group_death, one_whose_tasks_wait_for_ever_is_named_by_the_report) {
  EXPECT_DEATH(run([]() -> task<> {
                 event never;
                 task_group group;
                 EXPECT_TRUE(group.try_spawn(until_set, std::ref(never)));
                 (void)co_await group.wait();
               }),
               "waits for the tasks of a group");
}

}  // namespace
}  // namespace carousel
