#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/run.hpp"

namespace carousel {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using test::error_of;
using test::run;

task<> note_value(shared_future<std::string> of, std::string& log, char name) {
  const auto value = co_await of.wait();
  log += name;
  log += value ? **value : value.error().message();
}

TEST(shared_future, all_that_wait_get_the_one_value_in_their_order) {
  std::string log;
  run([&]() -> task<> {
    const shared_future<std::string> f;
    std::vector<join_handle<void>> all;
    for (const char name : std::string("abc")) all.push_back(spawn(note_value(f, log, name)));
    co_await yield();
    EXPECT_FALSE(f.ready());
    EXPECT_TRUE(f.set("1"));
    EXPECT_FALSE(f.set("2"));
    EXPECT_FALSE(f.fail(errc::closed));
    all.push_back(spawn(note_value(f, log, 'd')));
    for (auto& one : all) co_await std::move(one);
  });
  EXPECT_EQ(log, "a1b1c1d1");
}

TEST(shared_future, an_error_is_for_all_who_wait) {
  run([]() -> task<> {
    const shared_future<int> f;
    EXPECT_TRUE(f.fail(errc::closed));
    for (int i = 0; i < 2; ++i) {
      const auto value = co_await f.wait();
      EXPECT_EQ(error_of(value), errc::closed);
    }
  });
}

TEST(shared_future, the_value_is_where_all_handles_see_it) {
  run([]() -> task<> {
    std::optional<shared_future<std::unique_ptr<int>>> first(std::in_place);
    const auto second = *first;
    first->set(std::make_unique<int>(7));
    const auto a = co_await first->wait();
    first.reset();
    const auto b = co_await second.wait();
    EXPECT_EQ(*a, *b);
    EXPECT_EQ(***b, 7);
  });
}

TEST(shared_future, one_that_is_stopped_concerns_nobody_else) {
  std::string log;
  run([&]() -> task<> {
    const shared_future<std::string> f;
    auto other = spawn(note_value(f, log, 'a'));
    const auto late = co_await timeout(milliseconds(1), f.wait());
    EXPECT_EQ(error_of(late), errc::timed_out);
    f.set("1");
    co_await std::move(other);
    const auto now = co_await timeout(hours(1), f.wait());
    EXPECT_TRUE(now);
  });
  EXPECT_EQ(log, "a1");
}

TEST(shared_future, a_waiter_may_be_destroyed_before_and_after_it_was_served) {
  std::string log;
  run([&]() -> task<> {
    const shared_future<std::string> f;
    auto early = spawn(note_value(f, log, 'x'));
    auto late = spawn(note_value(f, log, 'y'));
    co_await yield();
    early.abort();
    f.set("1");
    late.abort();
    co_await yield();
  });
  EXPECT_EQ(log, "");
}

TEST(shared_future, what_a_task_ends_with_is_for_all_who_wait) {
  run([]() -> task<> {
    event go;
    const shared_future<int> f(spawn(
        [](event& on) -> task<result<int>> {
          (void)co_await on.wait();
          co_return 5;
        },
        std::ref(go)));
    go.set();
    for (int i = 0; i < 2; ++i) {
      const auto value = co_await f.wait();
      EXPECT_EQ(value ? **value : 0, 5);
    }
  });
}

TEST(shared_future, an_exception_of_the_task_is_for_all_who_wait) {
  run([]() -> task<> {
    const shared_future<int> f(spawn([]() -> task<result<int>> {
      co_await yield();
      throw std::runtime_error("not today");
    }));
    for (int i = 0; i < 2; ++i) {
      std::string told;
      try {
        (void)co_await f.wait();
      } catch (const std::runtime_error& e) {
        told = e.what();
      }
      EXPECT_EQ(told, "not today");
    }
  });
}

TEST(shared_future, a_waiter_that_is_destroyed_may_be_the_last_to_know_it) {
  run([]() -> task<> {
    auto waiter = [] {
      const shared_future<int> f;
      return spawn([](auto operation) -> task<> { (void)co_await std::move(operation); }, f.wait());
    }();
    co_await yield();
    waiter.abort();
  });
}

TEST(shared_future, a_task_without_errors_may_produce_it) {
  run([]() -> task<> {
    const shared_future<int> f(spawn([]() -> task<int> { co_return 4; }));
    const auto value = co_await f.wait();
    EXPECT_EQ(value ? **value : 0, 4);
  });
}

TEST(shared_future, the_operation_alone_keeps_the_value) {
  run([]() -> task<> {
    auto wait_for = [] {
      const shared_future<int> f;
      f.set(3);
      return f.wait();
    };
    const auto value = co_await wait_for();
    EXPECT_EQ(value ? **value : 0, 3);
  });
}

TEST(shared_future_death, one_that_nobody_sets_is_named_by_the_report) {
  EXPECT_DEATH(run([]() -> task<> {
                 const shared_future<int> f;
                 (void)co_await f.wait();
               }),
               "task 1 waits for a shared future");
}

}  // namespace
}  // namespace carousel
