#include <gtest/gtest.h>
#include <sys/socket.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "support/open_fds.hpp"
#include "support/outside_peer.hpp"
#include "support/run.hpp"
#include "support/stream_ends.hpp"

// How a stream of connections ends: with its listener, with whoever has it, and in another runtime
// not.

namespace carousel {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::error_of;
using test::name_of;
using test::open_fds;
using test::outside_peer;
using test::run;

constexpr std::chrono::microseconds a_moment{10};

tcp_listener tcp() { return test::connections<tcp_stream>::listener(); }

TEST(accept_end, what_nobody_took_is_closed_with_it) {
  const std::size_t before = open_fds();
  run([]() -> task<> {
    const tcp_listener at = tcp();
    std::vector<outside_peer> peers;
    {
      accept_stream in = at.incoming();
      peers.emplace_back(at);
      (void)co_await in.next();
      const std::size_t first = open_fds();
      for (int i = 0; i < 5; ++i) peers.emplace_back(at);
      // Ours, and those that were accepted; the fake kernel may have had one more before.
      while (open_fds() < first + 9) co_await sleep_for(a_moment);
    }
    for (const outside_peer& peer : peers) {
      while (!peer.is_closed()) co_await sleep_for(a_moment);
    }
  });
  EXPECT_EQ(open_fds(), before);
}

TEST(accept_end, ends_for_good_when_its_listener_is_closed) {
  run([]() -> task<> {
    tcp_listener at = tcp();
    accept_stream in = at.incoming();
    const outside_peer first(at, "first");
    const outside_peer second(at, "second");
    EXPECT_EQ(co_await name_of((co_await in.next()).value()), "first");
    auto waiting = spawn([](auto& from) -> task<std::error_code> {
      (void)co_await from.next();
      co_return error_of(co_await from.next());
    }(in));
    co_await yield();
    EXPECT_TRUE(co_await std::move(at).close());
    EXPECT_EQ(co_await std::move(waiting), errc::end_of_file);
    EXPECT_EQ(error_of(co_await in.next()), errc::end_of_file);
  });
}

TEST(accept_end, ends_when_its_listener_was_closed_before) {
  run([]() -> task<> {
    tcp_listener at = tcp();
    accept_stream in = at.incoming();
    EXPECT_TRUE(co_await std::move(at).close());
    EXPECT_EQ(error_of(co_await in.next()), errc::end_of_file);
  });
}

TEST(accept_end, ends_when_its_listener_is_shut_down) {
  run([]() -> task<> {
    const tcp_listener at = tcp();
    accept_stream in = at.incoming();
    auto waiting = spawn(
        [](auto& from) -> task<std::error_code> { co_return error_of(co_await from.next()); }(in));
    co_await yield();
    ::shutdown(at.fd(), SHUT_RDWR);
    EXPECT_EQ(co_await std::move(waiting), errc::end_of_file);
  });
}

TEST(accept_end, dies_with_the_task_that_waits_for_it) {
  const std::size_t before = open_fds();
  run([]() -> task<> {
    const tcp_listener at = tcp();
    for (int i = 0; i < 20; ++i) {
      auto serving = spawn([](const tcp_listener& from) -> task<> {
        accept_stream in = from.incoming();
        for (;;) {
          const auto next = co_await in.next();
          if (!next) co_return;
        }
      }(at));
      const outside_peer peer(at);
      for (int turns = 0; turns < i % 4; ++turns) co_await yield();
      serving.abort();
    }
  });
  EXPECT_EQ(open_fds(), before);
}

TEST(accept_end, goes_on_in_another_runtime) {
  const std::size_t before = open_fds();
  {
    const tcp_listener at = tcp();
    accept_stream in = at.incoming();
    std::vector<outside_peer> peers;
    for (int i = 0; i < 3; ++i) {
      peers.emplace_back(at, std::to_string(i));
      run([&]() -> task<> {
        EXPECT_EQ(co_await name_of((co_await in.next()).value()), std::to_string(i));
        // Somebody waits still when the runtime ends.
        spawn([](auto& from) -> task<> { (void)co_await from.next(); }(in)).detach();
        co_await yield();
      });
    }
  }
  EXPECT_EQ(open_fds(), before);
}

TEST(accept_end, a_frame_that_waits_may_outlive_both) {
  const std::size_t before = open_fds();
  {
    const tcp_listener at = tcp();
    std::optional in = at.incoming();
    const task<> waiting = [](auto& from) -> task<> { (void)co_await from.next(); }(*in);
    run([&]() -> task<> {
      (void)co_await timeout(milliseconds(0), in->next());
      co_return;
    });
    in.reset();
  }
  EXPECT_EQ(open_fds(), before);
}

/// Each stream is destroyed at another moment.
task<> destroy_streams(int connections) {
  const tcp_listener at = tcp();
  for (int i = 0; i < connections;) {
    const accept_stream in = at.incoming(1 + static_cast<std::size_t>(i) % 7);
    auto taking = spawn([](auto& from) -> task<> { (void)co_await from.next(); }(in));
    std::vector<outside_peer> peers;
    for (const int last = i + 10; i < last; ++i) {
      peers.emplace_back(at);
      if (i % 3 == 0) co_await yield();
    }
    for (int turns = 0; turns < i % 4; ++turns) co_await yield();
    if (i % 20 != 0) {
      const auto next = co_await timeout(seconds(0), in.next());
      EXPECT_TRUE(next || next.error() == errc::timed_out);
    }
    taking.abort();
  }
}

TEST(accept_end, ten_thousand_connections_of_destroyed_streams_leave_no_descriptor) {
  const std::size_t before = open_fds();
  run([] { return destroy_streams(test::on_fake_kernel() ? 300 : 10'000); });
  EXPECT_EQ(open_fds(), before);
}

TEST(accept_end, moved_from_it_is_a_programmers_error) {
  const tcp_listener at = tcp();
  accept_stream in = at.incoming();
  const accept_stream other = std::move(in);
  EXPECT_DEATH((void)in.next(), "this stream was moved from");  // NOLINT(bugprone-use-after-move)
}

/// The stream goes on in this thread, and another one asks for a connection.
void ask_in_another_thread() {
  run([]() -> task<> {
    const tcp_listener at = tcp();
    const accept_stream in = at.incoming();
    (void)co_await timeout(std::chrono::nanoseconds(0), in.next());
    std::jthread([&] { start([&]() -> task<> { (void)co_await in.next(); }); }).join();
  });
}

TEST(accept_end, one_that_goes_on_belongs_to_its_thread) {
  if (test::on_fake_kernel()) GTEST_SKIP() << "an accept that fails does not go on";
  EXPECT_DEATH(ask_in_another_thread(), "a stream that goes on belongs to the thread");
}

}  // namespace
}  // namespace carousel
