#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <stdexcept>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>

#include "support/run.hpp"

// What a task of another runtime ends with reaches who has started it there, a plain thread or a
// task.

namespace carousel {
namespace {

using std::chrono::hours;
using test::error_of;
using test::make_runtime;
using test::run;

task<> wait_for(event& e) { EXPECT_TRUE(co_await e.wait()); }

task<> nothing() { co_return; }

TEST(remote_result, gives_a_plain_thread_what_a_task_ends_with) {
  runtime rt = make_runtime().value();
  event done;
  const std::jthread other([&, there = rt.remote()] {
    EXPECT_EQ(there.spawn([]() -> task<int> { co_return 7; }).get(), 7);
    auto error = there.spawn(
        []() -> task<result<int>> { co_return std::unexpected(make_error_code(errc::busy)); });
    EXPECT_EQ(error_of(error.get()), errc::busy);
    auto thrown = there.spawn([]() -> task<> {
      co_await yield();
      throw std::runtime_error("on purpose");
    });
    thrown.wait();
    EXPECT_TRUE(thrown.ready());
    EXPECT_THROW(thrown.get(), std::runtime_error);
    there.post([&] { done.set(); });
  });
  rt.block_on(wait_for(done));
}

TEST(remote_result, waits_for_a_task_no_longer_than_it_is_told) {
  runtime rt = make_runtime().value();
  auto never_runs = rt.remote().spawn(nothing);
  EXPECT_FALSE(never_runs.wait_for(std::chrono::milliseconds(1)));
  EXPECT_FALSE(never_runs.ready());
  rt.block_on(nothing());
  EXPECT_TRUE(never_runs.wait_for(hours::max()));
}

TEST(remote_result, gives_a_task_of_another_runtime_what_a_task_ends_with) {
  runtime rt = make_runtime().value();
  event done;
  const std::jthread other([&, there = rt.remote()] {
    run([&]() -> task<> {
      for (int i = 0; i < 100; ++i) {
        const auto twice = [i]() -> task<int> {
          co_await yield();
          co_return 2 * i;
        };
        EXPECT_EQ(co_await there.spawn(twice), 2 * i);
      }
    });
    there.post([&] { done.set(); });
  });
  rt.block_on(wait_for(done));
}

TEST(remote_result, an_await_of_a_task_elsewhere_can_be_stopped) {
  runtime rt = make_runtime().value();
  auto pending = rt.remote().spawn([]() -> task<result<int>> { co_return 1; });
  std::jthread([&] {
    run([&]() -> task<> {
      const auto late = co_await timeout(std::chrono::milliseconds(1), std::move(pending));
      EXPECT_EQ(error_of(late), errc::timed_out);
    });
  }).join();
  rt.block_on(nothing());
}

TEST(remote_result, a_value_that_no_stop_may_lose_is_waited_for) {
  runtime rt = make_runtime().value();
  event done;
  const std::jthread other([&, there = rt.remote()] {
    run([&]() -> task<> {
      std::stop_source stopped;
      stopped.request_stop();
      const auto awaits = [&]() -> task<result<int>> {
        co_return co_await there.spawn([]() -> task<int> { co_return 5; });
      };
      EXPECT_EQ(co_await stop_on(stopped.get_token(), awaits()), 5);
    });
    there.post([&] { done.set(); });
  });
  rt.block_on(wait_for(done));
}

TEST(remote_result, an_awaiter_may_die_while_its_result_arrives) {
  runtime rt = make_runtime().value();
  event done;
  const std::jthread other([&, there = rt.remote()] {
    run([&]() -> task<> {
      for (int i = 0; i < 300; ++i) {
        auto waiting = spawn([&]() -> task<> { (void)co_await there.spawn(nothing); });
        for (int turns = i % 4; turns > 0; --turns) co_await yield();
        waiting.abort();
      }
    });
    there.post([&] { done.set(); });
  });
  rt.block_on(wait_for(done));
}

TEST(remote_result, the_awaiting_runtime_may_end_while_a_result_arrives) {
  runtime rt = make_runtime().value();
  event done;
  const std::jthread other([&, there = rt.remote()] {
    for (int i = 0; i < 100; ++i) {
      run([&]() -> task<> {
        spawn([](remote_runtime to) -> task<> { co_await to.spawn(nothing); }, there).detach();
        for (int turns = i % 4; turns > 0; --turns) co_await yield();
      });
    }
    there.post([&] { done.set(); });
  });
  rt.block_on(wait_for(done));
}

}  // namespace
}  // namespace carousel
