#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/bytes.hpp"
#include "support/foreign.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/small.hpp"

// A stop may come from any thread, at any moment of an operation's life.

namespace carousel {
namespace {

using test::error_of;
using test::foreign;
using test::pipe_pair;
using test::room;
using test::run;
using test::small;
using test::text_of;

TEST(stop_on, another_thread_ends_a_read_and_the_buffer_comes_back) {
  const pipe_pair pipe;
  std::stop_source source;
  const std::jthread other([&] { source.request_stop(); });
  run([&]() -> task<> {
    const auto r = co_await stop_on(source.get_token(), pipe.reader().read(room()));
    EXPECT_EQ(error_of(r.res), errc::canceled);
    EXPECT_EQ(r.buf.capacity(), small);
  });
}

TEST(stop_on, another_thread_wakes_a_loop_that_waits_for_nothing_else) {
  std::stop_source source;
  std::atomic<bool> waits = false;
  const std::jthread other([&] {
    waits.wait(false);
    source.request_stop();
  });
  run([&]() -> task<> {
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    const auto held = pool.try_next(small);
    waits = true;
    waits.notify_one();
    const auto refused = co_await stop_on(source.get_token(), pool.next(small));
    EXPECT_EQ(error_of(refused), errc::canceled);
  });
}

TEST(stop_on, one_stop_from_another_thread_ends_a_thousand_operations) {
  const pipe_pair pipe;
  std::stop_source source;
  std::atomic<bool> begun = false;
  const std::jthread other([&] {
    begun.wait(false);
    source.request_stop();
  });
  std::size_t ended = 0;
  run([&]() -> task<> {
    const file end = pipe.reader();
    std::vector<join_handle<void>> all;
    all.reserve(1'000);
    for (int i = 0; i < 1'000; ++i) {
      all.push_back(spawn([&]() -> task<> {
        const auto r = co_await stop_on(source.get_token(), end.read(room()));
        if (error_of(r.res) == errc::canceled) ++ended;
      }));
    }
    begun = true;
    begun.notify_one();
    for (auto& one : all) co_await std::move(one);
  });
  EXPECT_EQ(ended, 1'000U);
}

TEST(stop_on, a_stop_that_races_with_the_end_of_the_operation_is_harmless) {
  const pipe_pair pipe;
  constexpr int rounds = 300;
  std::string got;
  run([&]() -> task<> {
    const file end = pipe.reader();
    for (int i = 0; i < rounds; ++i) {
      std::stop_source source;
      const std::jthread other([&] { source.request_stop(); });
      pipe.put("x");
      const auto r = co_await stop_on(source.get_token(), end.read(room()));
      got += text_of(r.buf.bytes());
    }
  });
  got += pipe.take();
  EXPECT_EQ(got, std::string(rounds, 'x'));
}

TEST(stop_on, a_stop_that_races_with_an_abort_is_harmless) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    const file end = pipe.reader();
    for (int i = 0; i < 300; ++i) {
      std::stop_source source;
      std::atomic<bool> go = false;
      auto reader =
          spawn([&]() -> task<> { (void)co_await stop_on(source.get_token(), end.read(room())); });
      const std::jthread other([&] {
        go.wait(false);
        source.request_stop();
      });
      co_await yield();
      if (i % 2 == 0) co_await yield();
      go = true;
      go.notify_one();
      reader.abort();
    }
  });
}

TEST(stop_on, a_stop_on_its_way_to_an_awaiter_that_dies_reaches_nobody) {
  run([]() -> task<> {
    const auto read = [](const pipe_pair& pipe, std::stop_token token,
                         std::string& got) -> foreign {
      const file end = pipe.reader();
      const auto r = co_await stop_on(std::move(token), end.read(room()));
      EXPECT_TRUE(r.res);
      got = text_of(r.buf.bytes());
    };
    const pipe_pair pipe;
    std::string lost;
    std::stop_source source;
    {
      const foreign dies = read(pipe, source.get_token(), lost);
      co_await yield();
      std::jthread([&] { source.request_stop(); }).join();
    }
    // This one has the memory of the other, where the loop would look for the stop.
    const pipe_pair quiet;
    std::string got;
    const std::stop_source nobody;
    const foreign lives = read(quiet, nobody.get_token(), got);
    co_await yield();
    co_await yield();
    EXPECT_EQ(got, "");
    quiet.put("x");
    while (got.empty()) co_await yield();
    EXPECT_EQ(got, "x");
    EXPECT_EQ(lost, "");
  });
}

TEST(stop_on, a_token_that_was_stopped_before_ends_the_operation_before_the_kernel_hears_of_it) {
  const pipe_pair pipe;
  pipe.put("untouched");
  runtime rt = runtime::make().value();
  auto body = [&]() -> task<> {
    std::stop_source source;
    source.request_stop();
    const auto before = rt.stats().operations;
    const auto r = co_await stop_on(source.get_token(), pipe.reader().read(room()));
    EXPECT_EQ(error_of(r.res), errc::canceled);
    EXPECT_EQ(r.buf.capacity(), small);
    co_await yield();
    EXPECT_EQ(rt.stats().operations, before);
  };
  rt.block_on(body());
  EXPECT_EQ(pipe.take(), "untouched");
}

TEST(stop_on, a_stop_by_another_task_withdraws_what_the_kernel_has_not_seen) {
  const pipe_pair pipe;
  pipe.put("untouched");
  runtime rt = runtime::make().value();
  auto body = [&]() -> task<> {
    std::stop_source source;
    auto reader = spawn([&]() -> task<> {
      const auto r = co_await stop_on(source.get_token(), pipe.reader().read(room()));
      EXPECT_EQ(error_of(r.res), errc::canceled);
    });
    const auto before = rt.stats();
    auto stopper = spawn([&source]() -> task<> {
      source.request_stop();  // in the turn in which the read was queued
      co_return;
    });
    co_await std::move(reader);
    EXPECT_EQ(rt.stats().operations, before.operations);
    EXPECT_EQ(rt.stats().cancels, before.cancels);
    co_await std::move(stopper);
  };
  rt.block_on(body());
  EXPECT_EQ(pipe.take(), "untouched");
}

TEST(stop_on, a_stop_after_the_end_reaches_nothing) {
  run([]() -> task<> {
    std::stop_source source;
    const auto zeroes = co_await file::open("/dev/zero");
    const auto r = co_await stop_on(source.get_token(), zeroes->read_at(room(), 0));
    EXPECT_EQ(r.res.value_or(0), small);
    source.request_stop();
    co_await yield();
    const auto again = co_await zeroes->read_at(room(), 0);
    EXPECT_EQ(again.res.value_or(0), small);
  });
}

TEST(stop_on, a_token_without_a_source_never_stops) {
  run([]() -> task<> {
    const result<> slept =
        co_await stop_on(std::stop_token(), sleep_for(std::chrono::milliseconds(1)));
    EXPECT_TRUE(slept);
  });
}

TEST(stop_on, ends_a_loop_of_the_users_own_with_what_it_has) {
  const pipe_pair pipe;
  std::stop_source source;
  run([&]() -> task<> {
    std::size_t rounds = 0;
    const auto serve = [&]() -> task<result<>> {
      for (;;) {
        const auto r = co_await pipe.reader().read(room());
        if (!r.res) co_return std::unexpected(r.res.error());
        if (++rounds == 3) source.request_stop();
        pipe.put("again");
      }
    };
    pipe.put("again");
    const result<> ended = co_await stop_on(source.get_token(), serve());
    EXPECT_EQ(error_of(ended), errc::canceled);
    EXPECT_EQ(rounds, 3U);
  });
}

TEST(stop_on, inside_a_timeout_each_of_them_stops_it_under_its_own_name) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    const file end = pipe.reader();
    std::stop_source source;
    const auto late = co_await timeout(std::chrono::milliseconds(1),
                                       stop_on(source.get_token(), end.read(room())));
    EXPECT_EQ(error_of(late.res), errc::timed_out);
    auto stopper = spawn([&source]() -> task<> {
      co_await yield();
      source.request_stop();
    });
    const auto stopped =
        co_await timeout(std::chrono::hours(1), stop_on(source.get_token(), end.read(room())));
    EXPECT_EQ(error_of(stopped.res), errc::canceled);
    co_await std::move(stopper);
  });
}

foreign wait_for_ever(std::stop_token token, const file& from) {
  (void)co_await stop_on(std::move(token), from.read(room()));
  ADD_FAILURE() << "the runtime has ended";
}

TEST(stop_on, a_stop_after_the_runtime_has_ended_reaches_nothing) {
  const pipe_pair pipe;
  std::stop_source source;
  foreign waiting;
  run([&]() -> task<> {
    waiting = wait_for_ever(source.get_token(), pipe.reader());
    co_await yield();
  });
  std::jthread([&] { source.request_stop(); }).join();
  EXPECT_FALSE(waiting.done());
  waiting.destroy();
}

TEST(stop_on, a_stop_that_races_with_the_end_of_the_runtime_is_harmless) {
  const pipe_pair pipe;
  for (int i = 0; i < 50; ++i) {
    std::stop_source source;
    foreign waiting;
    std::optional<runtime> rt = runtime::make().value();
    auto body = [&]() -> task<> {
      waiting = wait_for_ever(source.get_token(), pipe.reader());
      co_await yield();
    };
    rt->block_on(body());
    const std::jthread other([&] { source.request_stop(); });
    rt.reset();
    waiting.destroy();
  }
}

TEST(stop_on, a_stop_between_two_block_ons_is_heard_in_the_next) {
  const pipe_pair pipe;
  runtime rt = runtime::make().value();
  std::stop_source source;
  bool ended = false;
  auto first = [&]() -> task<> {
    (void)spawn([&]() -> task<> {
      const auto r = co_await stop_on(source.get_token(), pipe.reader().read(room()));
      ended = error_of(r.res) == errc::canceled;
    });
    co_await yield();
  };
  rt.block_on(first());
  source.request_stop();
  auto second = [&]() -> task<> {
    while (!ended) co_await yield();
  };
  rt.block_on(second());
  EXPECT_TRUE(ended);
}

TEST(stop_on_death, a_loop_that_nobody_can_stop_any_more_is_stalled) {
  const auto stalled = []() -> task<> {
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    const auto held = pool.try_next(small);
    std::optional<std::stop_source> source(std::in_place);
    auto waiter = spawn([&, token = source->get_token()]() -> task<> {
      (void)co_await stop_on(token, pool.next(small));
    });
    co_await yield();
    source.reset();
    co_await std::move(waiter);
  };
  EXPECT_DEATH(run(stalled), "task 2 waits for a buffer of 64 bytes");
}

}  // namespace
}  // namespace carousel
