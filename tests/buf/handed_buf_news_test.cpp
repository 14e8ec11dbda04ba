#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <functional>
#include <latch>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "support/half_outside.hpp"
#include "support/handed_over.hpp"
#include "support/run.hpp"
#include "support/small.hpp"

// Who is told that a lease of others has come back, and from when until when.

namespace carousel {
namespace {

using test::half_outside;
using test::handed_from;
using test::make_runtime;
using test::next_text;
using test::run;
using test::small;
using test::small_pool_of;
using test::some_turns;
using test::wait_in;

/// In another thread, which has ended then.
void end_elsewhere(std::optional<handed_buf>& handed) {
  std::thread([&] { handed.reset(); }).join();
}

TEST(handed_buf_news, comes_to_who_waited_before_anything_was_handed_over) {
  run([]() -> task<> {
    const fixed_buf_pool pool = small_pool_of(1);
    auto lease = pool.try_next(small).value();
    auto waiting = spawn(wait_in, pool);
    co_await some_turns();
    auto handed = std::make_optional(std::move(lease).hand_over());
    end_elsewhere(handed);
    EXPECT_EQ(co_await std::move(waiting), std::error_code{});
  });
}

TEST(handed_buf_news, comes_to_a_close_that_waited_before_anything_was_handed_over) {
  run([]() -> task<> {
    const fixed_buf_pool pool = small_pool_of(1);
    EXPECT_TRUE(pool.register_buffers());
    auto lease = pool.try_next(small).value();
    auto closing = spawn(fixed_buf_pool(pool).close());
    co_await some_turns();
    auto handed = std::make_optional(std::move(lease).hand_over());
    end_elsewhere(handed);
    EXPECT_TRUE(co_await std::move(closing));
  });
}

TEST(handed_buf_news, comes_to_a_stream_that_was_dry_before_anything_was_handed_over) {
  run([]() -> task<> {
    const fixed_buf_pool pool = half_outside::pool_of(1);
    const buf_group group = pool.group(half_outside::buffer_bytes, 1).value();
    const half_outside connection;
    const receive_stream in = connection.here->receive(group);
    connection.say("one");
    auto lease = (co_await in.next()).value();
    connection.say("two");
    auto waiting = spawn(next_text, std::cref(in));
    co_await some_turns();
    auto handed = std::make_optional(std::move(lease).hand_over());
    end_elsewhere(handed);
    EXPECT_EQ(co_await std::move(waiting), "two");
  });
}

TEST(handed_buf_news, that_is_under_way_finds_no_pool_that_has_ended) {
  run([]() -> task<> {
    {
      const fixed_buf_pool pool = small_pool_of(1);
      auto handed = std::make_optional(handed_from(pool));
      auto waiting = spawn(wait_in, pool);
      co_await some_turns();
      end_elsewhere(handed);
      EXPECT_FALSE(pool.try_next(small));  // takes it back, for who waits
      waiting.abort();
    }
    co_await some_turns();
  });
}

TEST(handed_buf_news, leaves_a_pool_alone_that_has_gone_to_another_runtime) {
  const fixed_buf_pool pool = small_pool_of(2);
  auto handed = std::make_optional(handed_from(pool));
  const auto kept = std::make_optional(pool.try_next(small).value());
  runtime older = make_runtime().value();
  older.block_on([](const fixed_buf_pool& from) -> task<> {
    auto waiting = spawn(wait_in, from);
    co_await some_turns();
    waiting.abort();
  }(pool));
  std::latch is_back(1);
  std::latch has_turned(1);
  std::thread newer([&] {
    run([&]() -> task<> {
      EXPECT_TRUE(pool.register_buffers());
      end_elsewhere(handed);
      is_back.count_down();
      has_turned.wait();
      co_return;
    });
  });
  is_back.wait();
  older.block_on(some_turns());  // to use the pool in this thread would end the process
  has_turned.count_down();
  newer.join();
}

TEST(handed_buf_news_death, keeps_no_runtime_from_its_report_where_nobody_waits_for_any) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const auto wait_for_ever = [](bool is_closed) {
    run([is_closed]() -> task<> {
      const fixed_buf_pool pool = small_pool_of(2);
      auto handed = std::make_optional(handed_from(pool));
      auto lease = std::make_optional(pool.try_next(small).value());
      if (is_closed) {
        lease.reset();
        auto closing = spawn(fixed_buf_pool(pool).close());
        co_await some_turns();
        end_elsewhere(handed);
        EXPECT_TRUE(co_await std::move(closing));
      } else {
        auto waiting = spawn(wait_in, pool);
        co_await some_turns();
        lease.reset();
        EXPECT_EQ(co_await std::move(waiting), std::error_code{});
      }
      event never;
      (void)co_await never.wait();
    });
  };
  EXPECT_DEATH(wait_for_ever(false), "every task waits");
  EXPECT_DEATH(wait_for_ever(true), "every task waits");
}

}  // namespace
}  // namespace carousel
