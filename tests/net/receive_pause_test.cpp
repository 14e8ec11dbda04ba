#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "support/half_outside.hpp"
#include "support/run.hpp"
#include "support/stream_ends.hpp"

// Streams that were asked, and are not any more: what they have of their group, and what they have
// of the connection.

namespace carousel {
namespace {

using std::chrono::milliseconds;
using test::error_of;
using test::half_outside;
using test::run;
using test::text_of;

constexpr std::size_t bytes = half_outside::buffer_bytes;

TEST(receive_pause, whom_nobody_asks_any_more_takes_no_buffer) {
  run([]() -> task<> {
    const fixed_buf_pool pool = half_outside::pool_of(1);
    const buf_group group = pool.group(bytes, 1).value();
    const half_outside peer;
    const receive_stream in = peer.here->receive(group);
    EXPECT_EQ(error_of(co_await timeout(milliseconds(1), in.next())), errc::timed_out);
    peer.say("late");
    co_await sleep_for(milliseconds(1));
    EXPECT_EQ(pool.lent(), 1U);
    EXPECT_EQ(text_of((co_await in.next()).value()), "late");
  });
}

TEST(receive_pause, whose_turn_comes_when_nobody_asks_any_more_gives_the_buffer_on) {
  run([]() -> task<> {
    const fixed_buf_pool pool = half_outside::pool_of(1);
    const buf_group group = pool.group(bytes, 1).value();
    const half_outside a;
    const half_outside b;
    const half_outside c;
    const receive_stream in_a = a.here->receive(group);
    const receive_stream in_b = b.here->receive(group);
    const receive_stream in_c = c.here->receive(group);
    a.say("a");
    b.say("b");
    c.say("c");
    std::optional lease(co_await in_a.next());
    EXPECT_EQ(error_of(co_await timeout(milliseconds(1), in_b.next())), errc::timed_out);
    auto waiting = spawn([](const receive_stream& from) -> task<std::string> {
      co_return text_of((co_await from.next()).value());
    }(in_c));
    co_await yield();
    lease.reset();
    EXPECT_EQ(co_await std::move(waiting), "c");
    EXPECT_EQ(pool.lent(), 1U);
    EXPECT_EQ(text_of((co_await in_b.next()).value()), "b");
  });
}

/// A runtime turns so often while a task waits in next(), and ends.
void end_runtime_after(int turns, const receive_stream& in, std::string& got) {
  runtime rt = test::make_runtime().value();
  auto begin = [&]() -> task<> {
    spawn([](const receive_stream& from, std::string& into) -> task<> {
      for (;;) {
        const auto lease = co_await from.next();
        if (!lease) co_return;
        into += text_of(*lease);
      }
    }(in, got))
        .detach();
    co_return;
  };
  for (rt.block_on(begin()); turns > 0; --turns) (void)rt.poll();
}

TEST(receive_pause, what_comes_while_its_runtime_ends_is_the_next_of_another) {
  for (int turns = 0; turns < 8; ++turns) {
    const fixed_buf_pool pool = half_outside::pool_of(1);
    const buf_group group = pool.group(bytes, 1).value();
    const half_outside peer;
    const receive_stream in = peer.here->receive(group);
    std::string got;
    peer.say("first ");
    end_runtime_after(turns, in, got);
    peer.say("second");
    run([&]() -> task<> {
      while (!got.ends_with("second")) got += text_of((co_await in.next()).value());
    });
    EXPECT_EQ(got, "first second") << turns;
    EXPECT_EQ(pool.lent(), 1U);
  }
}

TEST(receive_pause, a_reset_that_comes_while_its_runtime_ends_is_told_in_another) {
  for (int turns = 0; turns < 8; ++turns) {
    const fixed_buf_pool pool = half_outside::pool_of(1);
    const buf_group group = pool.group(bytes, 1).value();
    std::optional<receive_stream> in;
    run([&]() -> task<> {
      auto [here, there] = co_await test::connect_both<tcp_stream>();
      in.emplace(here.receive(group));
      co_await test::reset(std::move(there));
    });
    std::string got;
    end_runtime_after(turns, *in, got);
    run([&]() -> task<> {
      EXPECT_EQ(error_of(co_await in->next()), std::errc::connection_reset) << turns;
    });
  }
}

TEST(receive_pause, what_comes_while_its_runtime_ends_goes_home_with_it) {
  const fixed_buf_pool pool = half_outside::pool_of(1);
  for (int turns = 0; turns < 8; ++turns) {
    const buf_group group = pool.group(bytes, 1).value();
    const half_outside peer;
    std::optional in = peer.here->receive(group);
    std::string got;
    peer.say("lost");
    end_runtime_after(turns, *in, got);
    in.reset();
    EXPECT_EQ(pool.lent(), 1U) << turns;
  }
  EXPECT_TRUE(pool.try_next(bytes));
}

}  // namespace
}  // namespace carousel
