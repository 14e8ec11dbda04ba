#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "support/event_counter.hpp"
#include "support/open_fds.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/stream_ends.hpp"
#include "support/submitted.hpp"
#include "support/temp_dir.hpp"

// What descriptors become ready for.

namespace carousel {
namespace {

using std::chrono::milliseconds;
using test::error_of;
using test::event_counter;
using test::open_fds;
using test::run;

TEST(poll_stream, tells_each_time_that_something_comes) {
  run([]() -> task<> {
    const event_counter c;
    const poll_stream events = poll_stream::on_foreign(c.fd(), poll_events::readable).value();
    std::uint64_t seen = 0;
    for (std::uint64_t i = 1; i <= 50; ++i) {
      EXPECT_TRUE(c.add());
      if (i % 3 == 0) co_await yield();
      EXPECT_TRUE(i % 2 != 0 || c.add());
      while (seen < i + i / 2) {
        const auto next = co_await events.next();
        EXPECT_TRUE(next.has_value());
        EXPECT_TRUE(has(next.value(), poll_events::readable));
        seen += c.take();
      }
    }
    EXPECT_EQ(seen, 75U);
  });
}

TEST(poll_stream, says_nothing_again_while_nothing_more_comes) {
  run([]() -> task<> {
    const event_counter c;
    const poll_stream events = poll_stream::on_foreign(c.fd(), poll_events::readable).value();
    EXPECT_TRUE(c.add());
    EXPECT_TRUE(co_await events.next());
    EXPECT_EQ(error_of(co_await timeout(milliseconds(1), events.next())), errc::timed_out);
    EXPECT_TRUE(c.add());
    EXPECT_TRUE(c.add());
    EXPECT_TRUE(co_await events.next());
  });
}

TEST(poll_stream, what_comes_while_nobody_waits_is_one_event) {
  run([]() -> task<> {
    const event_counter c;
    const poll_stream events = poll_stream::on_foreign(c.fd(), poll_events::readable).value();
    EXPECT_EQ(error_of(co_await timeout(milliseconds(0), events.next())), errc::timed_out);
    for (int i = 0; i < 10; ++i) {
      EXPECT_TRUE(c.add());
      co_await yield();
      co_await yield();
    }
    EXPECT_TRUE(co_await events.next());
    EXPECT_EQ(c.take(), 10U);
  });
}

TEST(poll_stream, a_socket_is_writable_and_then_its_peer_is_gone) {
  run([]() -> task<> {
    auto [here, there] = co_await test::connect_both<unix_stream>();
    const poll_stream events(here, poll_events::readable | poll_events::writable);
    const auto first = co_await events.next();
    EXPECT_EQ(first.value() & poll_events::writable, poll_events::writable);
    EXPECT_TRUE(co_await std::move(there).close());
    for (bool gone = false; !gone;) {
      const auto next = co_await events.next();
      gone = has(next.value(), poll_events::hung_up);
    }
  });
}

TEST(poll_stream, a_regular_file_is_always_ready) {
  run([]() -> task<> {
    const test::temp_dir dir;
    const auto opened = co_await file::open(dir.make("file", "text"));
    const poll_stream events(opened.value(), poll_events::readable);
    for (int i = 0; i < 3; ++i) EXPECT_EQ((co_await events.next()).value(), poll_events::readable);
    const std::uint64_t submitted = test::submitted();
    for (int turns = 0; turns < 10; ++turns) co_await yield();
    EXPECT_LE(test::submitted(), submitted + 1);
  });
}

TEST(poll_stream, ends_when_its_file_is_closed) {
  run([]() -> task<> {
    auto [here, there] = co_await test::connect_both<unix_stream>();
    const poll_stream events(here, poll_events::readable);
    auto waiting = spawn([](const poll_stream& from) -> task<std::error_code> {
      co_return error_of(co_await from.next());
    }(events));
    co_await yield();
    EXPECT_TRUE(co_await std::move(here).close());
    EXPECT_EQ(co_await std::move(waiting), errc::end_of_file);
    EXPECT_EQ(error_of(co_await events.next()), errc::end_of_file);
  });
}

TEST(poll_stream, a_descriptor_that_is_not_open_is_an_error) {
  EXPECT_EQ(poll_stream::on_foreign(-1, poll_events::readable).error(),
            std::errc::bad_file_descriptor);
}

TEST(poll_stream, destroyed_streams_leave_no_descriptor) {
  const std::size_t before = open_fds();
  run([]() -> task<> {
    const event_counter c;
    for (int i = 0; i < 200; ++i) {
      const poll_stream events = poll_stream::on_foreign(c.fd(), poll_events::readable).value();
      auto waiting = spawn([](const poll_stream& from) -> task<> {
        for (;;) (void)co_await from.next();
      }(events));
      for (int turns = 0; turns < i % 3; ++turns) co_await yield();
      EXPECT_TRUE(c.add());
      for (int turns = 0; turns < i % 5; ++turns) co_await yield();
      waiting.abort();
    }
  });
  EXPECT_EQ(open_fds(), before);
}

}  // namespace
}  // namespace carousel
