#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "support/bytes.hpp"
#include "support/half_outside.hpp"
#include "support/handed_over.hpp"
#include "support/no_more_descriptors.hpp"
#include "support/run.hpp"
#include "support/small.hpp"

// Leases that others have, and whoever waits here for one of them to come back.

namespace carousel {
namespace {

using test::error_of;
using test::half_outside;
using test::handed_from;
using test::make_runtime;
using test::next_text;
using test::no_more_descriptors;
using test::run;
using test::small;
using test::small_pool_of;
using test::some_turns;
using test::text_of;
using test::wait_in;

TEST(handed_buf_wait, that_comes_back_wakes_who_waits_for_it) {
  run([]() -> task<> {
    const fixed_buf_pool pool = small_pool_of(1);
    EXPECT_TRUE(pool.register_buffers());
    for (int i = 0; i < 20; ++i) {
      auto handed = std::make_optional(handed_from(pool));
      auto waiting = spawn(wait_in, pool);
      auto waiting_too = spawn(wait_in, pool);
      co_await some_turns();
      EXPECT_FALSE(waiting.done());
      const std::jthread elsewhere([&] { handed.reset(); });
      EXPECT_EQ(co_await std::move(waiting), std::error_code{});
      EXPECT_EQ(co_await std::move(waiting_too), std::error_code{});
    }
  });
}

TEST(handed_buf_wait, each_that_comes_back_wakes_one_who_waits) {
  run([]() -> task<> {
    const fixed_buf_pool pool = small_pool_of(2);
    auto one = std::make_optional(handed_from(pool));
    auto other = std::make_optional(handed_from(pool));
    std::vector<fixed_buf> got;
    const auto take = [](fixed_buf_pool from, std::vector<fixed_buf>& into) -> task<> {
      auto lease = co_await from.next(small);
      EXPECT_TRUE(lease);
      if (lease) into.push_back(std::move(*lease));
    };
    auto first = spawn(take, pool, std::ref(got));
    auto second = spawn(take, pool, std::ref(got));
    co_await some_turns();
    std::thread([&] { one.reset(); }).join();
    co_await std::move(first);
    co_await some_turns();
    EXPECT_EQ(got.size(), 1U);
    const std::jthread elsewhere([&] { other.reset(); });
    co_await std::move(second);
    EXPECT_EQ(got.size(), 2U);
  });
}

TEST(handed_buf_wait, that_has_come_back_before_is_there_for_who_begins_to_wait) {
  run([]() -> task<> {
    const fixed_buf_pool pool = small_pool_of(1);
    std::thread([handed = handed_from(pool)] {}).join();
    EXPECT_TRUE(co_await pool.next(small));
  });
}

TEST(handed_buf_wait, goes_to_the_next_where_who_waited_was_stopped_or_destroyed) {
  run([]() -> task<> {
    const fixed_buf_pool pool = small_pool_of(1);
    auto handed = std::make_optional(handed_from(pool));
    std::stop_source stop;
    auto stopped = spawn(
        [](std::stop_token token, fixed_buf_pool from) -> task<std::error_code> {
          co_return error_of(co_await stop_on(token, from.next(small)));
        },
        stop.get_token(), pool);
    auto destroyed = spawn(wait_in, pool);
    auto last = spawn(wait_in, pool);
    co_await some_turns();
    stop.request_stop();
    EXPECT_EQ(co_await std::move(stopped), errc::canceled);
    destroyed.abort();
    const std::jthread elsewhere([&] { handed.reset(); });
    EXPECT_EQ(co_await std::move(last), std::error_code{});
  });
}

TEST(handed_buf_wait, wakes_who_waits_in_another_runtime_than_that_in_which_it_was_handed_over) {
  const fixed_buf_pool pool = small_pool_of(1);
  std::optional<handed_buf> handed;
  run([&]() -> task<> {
    handed = handed_from(pool);
    auto waiting = spawn(wait_in, pool);
    co_await some_turns();
    waiting.abort();
  });
  run([&]() -> task<> {
    auto waiting = spawn(wait_in, pool);
    co_await some_turns();
    const std::jthread elsewhere([&] { handed.reset(); });
    EXPECT_EQ(co_await std::move(waiting), std::error_code{});
  });
}

TEST(handed_buf_wait, comes_back_to_the_runtime_that_waits_whatever_news_of_it_an_older_one_has) {
  std::optional<fixed_buf_pool> pool = small_pool_of(2);
  auto one = std::make_optional(handed_from(*pool));
  auto other = std::make_optional(handed_from(*pool));
  runtime older = make_runtime().value();
  older.block_on([](const fixed_buf_pool& from) -> task<> {
    auto waiting = spawn(wait_in, from);
    co_await some_turns();
    waiting.abort();
  }(*pool));
  std::thread([&] { one.reset(); }).join();  // tells the older one, which does not turn
  const auto kept = pool->try_next(small);
  EXPECT_TRUE(kept);
  run([&]() -> task<> {
    auto waiting = spawn(wait_in, *pool);
    co_await some_turns();
    const std::jthread elsewhere([&] { other.reset(); });
    EXPECT_EQ(co_await std::move(waiting), std::error_code{});
  });
  other = handed_from(*pool);
  pool.reset();
  older.block_on(some_turns());
}

TEST(handed_buf_wait, is_waited_for_by_a_pool_that_closes) {
  run([]() -> task<> {
    const fixed_buf_pool pool = small_pool_of(2);
    EXPECT_TRUE(pool.register_buffers());
    auto one = std::make_optional(handed_from(pool));
    auto other = std::make_optional(handed_from(pool));
    auto closing = spawn(fixed_buf_pool(pool).close());
    std::thread([&] { one.reset(); }).join();
    co_await some_turns();
    EXPECT_FALSE(closing.done());
    const std::jthread elsewhere([&] { other.reset(); });
    EXPECT_TRUE(co_await std::move(closing));
    EXPECT_EQ(pool.registered(), registration::none);
  });
}

TEST(handed_buf_wait, of_which_nothing_can_be_heard_is_an_error_and_no_wait) {
  run([]() -> task<> {
    const fixed_buf_pool pool = small_pool_of(1);
    auto handed = std::make_optional(handed_from(pool));
    {
      const no_more_descriptors none;
      EXPECT_EQ(error_of(co_await pool.next(small)), std::errc::too_many_files_open);
      EXPECT_EQ(error_of(co_await fixed_buf_pool(pool).close()), std::errc::too_many_files_open);
    }
    EXPECT_EQ(error_of(co_await pool.next(small)), errc::pool_closed);
    handed.reset();
  });
}

TEST(handed_buf_wait, that_came_back_before_its_pool_closes_is_not_waited_for) {
  run([]() -> task<> {
    const fixed_buf_pool pool = small_pool_of(1);
    std::thread([handed = handed_from(pool)] {}).join();
    EXPECT_TRUE(co_await fixed_buf_pool(pool).close());
  });
}

TEST(handed_buf_wait, comes_back_to_a_group_whose_stream_is_dry) {
  run([]() -> task<> {
    const fixed_buf_pool pool = half_outside::pool_of(1);
    const buf_group group = pool.group(half_outside::buffer_bytes, 1).value();
    const half_outside connection;
    const receive_stream in = connection.here->receive(group);
    connection.say("one");
    auto handed = std::make_optional((co_await in.next()).value().hand_over());
    EXPECT_EQ(text_of(handed->bytes()), "one");
    connection.say("two");
    auto waiting = spawn(next_text, std::cref(in));
    co_await some_turns();
    EXPECT_FALSE(waiting.done());
    const std::jthread elsewhere([&] { handed.reset(); });
    EXPECT_EQ(co_await std::move(waiting), "two");
  });
}

TEST(handed_buf_wait, of_many_threads_comes_back_while_tasks_wait) {
  constexpr int rounds = 300;
  std::mutex lock;
  std::vector<handed_buf> out;
  bool over = false;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (bool done = false; !done;) {
        std::optional<handed_buf> one;
        {
          const std::lock_guard own(lock);
          done = over && out.empty();
          if (!out.empty()) {
            one = std::move(out.back());
            out.pop_back();
          }
        }
        if (one) {
          std::ranges::fill(one->spare(), std::byte{1});
        } else {
          std::this_thread::yield();
        }
      }
    });
  }
  run([&]() -> task<> {
    const fixed_buf_pool pool = small_pool_of(3);
    EXPECT_TRUE(pool.register_buffers());
    const auto work = [&](const fixed_buf_pool& from) -> task<> {
      for (int i = 0; i < rounds; ++i) {
        auto lease = co_await from.next(small);
        EXPECT_TRUE(lease);
        if (!lease) co_return;
        std::ranges::fill(lease->spare(), std::byte{2});
        handed_buf handed = std::move(*lease).hand_over();
        const std::lock_guard own(lock);
        out.push_back(std::move(handed));
      }
    };
    (void)co_await when_all(work(pool), work(pool), work(pool), work(pool));
    {
      const std::lock_guard own(lock);
      over = true;
    }
    EXPECT_TRUE(co_await fixed_buf_pool(pool).close());
  });
}

}  // namespace
}  // namespace carousel
