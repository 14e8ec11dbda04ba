#include <gtest/gtest.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "support/no_more_descriptors.hpp"
#include "support/open_fds.hpp"
#include "support/outside_peer.hpp"
#include "support/run.hpp"
#include "support/stream_ends.hpp"
#include "support/submitted.hpp"

// Connections that come without being asked for each, and what becomes of them when nobody takes
// them.

namespace carousel {
namespace {

using std::chrono::milliseconds;
using test::error_of;
using test::name_of;
using test::open_fds;
using test::outside_peer;
using test::run;

tcp_listener tcp() { return test::connections<tcp_stream>::listener(); }

template <class Stream>
task<> take_in_order() {
  const auto at = test::connections<Stream>::listener();
  accept_stream in = at.incoming();
  std::vector<outside_peer> peers;
  for (int i = 0; i < 20; ++i) {
    peers.emplace_back(at, std::to_string(i));
    if (i % 3 == 0) co_await yield();
  }
  for (int i = 0; i < 20; ++i) {
    auto next = co_await in.next();
    if (!next) throw std::system_error(next.error());
    EXPECT_EQ(co_await name_of(std::move(*next)), std::to_string(i));
  }
}

TEST(accept_stream, connections_come_in_their_order) {
  run(take_in_order<tcp_stream>);
  run(take_in_order<unix_stream>);
}

TEST(accept_stream, more_than_the_completion_queue_holds_all_come) {
  run(
      []() -> task<> {
        const tcp_listener at = tcp();
        accept_stream in = at.incoming(500);
        std::vector<outside_peer> peers;
        peers.reserve(100);
        for (int i = 0; i < 100; ++i) peers.emplace_back(at);
        for (int i = 0; i < 100; ++i) {
          const auto next = co_await in.next();
          EXPECT_TRUE(next);
        }
      },
      {.entries = 4});
}

TEST(accept_stream, a_stop_takes_none_away) {
  run([]() -> task<> {
    const tcp_listener at = tcp();
    accept_stream in = at.incoming();
    for (int i = 0; i < 20; ++i) {
      const auto none = co_await timeout(milliseconds(0), in.next());
      EXPECT_EQ(error_of(none), errc::timed_out);
      const outside_peer peer(at, std::to_string(i));
      for (int turns = 0; turns < i % 4; ++turns) co_await yield();
      auto next = co_await timeout(milliseconds(i % 2), in.next());
      if (!next) next = co_await in.next();
      EXPECT_EQ(co_await name_of(std::move(next).value()), std::to_string(i));
    }
  });
}

TEST(accept_stream, with_a_full_queue_the_others_wait_in_the_backlog) {
  if (test::on_fake_kernel()) GTEST_SKIP() << "the fake kernel has descriptors of its own";
  run([]() -> task<> {
    const tcp_listener at = tcp();
    accept_stream in = at.incoming(2);
    std::vector<outside_peer> peers;
    const auto come = [&] { peers.emplace_back(at, std::to_string(peers.size())); };
    come();
    EXPECT_EQ(co_await name_of((co_await in.next()).value()), "0");
    const std::size_t first = open_fds();
    come();
    come();
    while (open_fds() < first + 4) co_await yield();  // ours, and those that were accepted
    for (int turns = 0; turns < 100; ++turns) co_await yield();  // the cancel comes through
    const std::size_t full = open_fds();
    for (int i = 0; i < 5; ++i) come();
    for (int turns = 0; turns < 100; ++turns) co_await yield();
    EXPECT_EQ(open_fds(), full + 5);
    for (int i = 1; i < 8; ++i)
      EXPECT_EQ(co_await name_of((co_await in.next()).value()), std::to_string(i));
  });
}

TEST(accept_stream, without_descriptors_it_says_so_once_for_each_next_and_loses_none) {
  if (test::on_fake_kernel()) GTEST_SKIP() << "the fake kernel has descriptors of its own";
  run([]() -> task<> {
    const tcp_listener at = tcp();
    accept_stream in = at.incoming();
    std::vector<outside_peer> peers;
    peers.reserve(3);
    for (int i = 0; i < 3; ++i) peers.emplace_back(at, std::to_string(i));
    std::optional<test::no_more_descriptors> limit(std::in_place, 1);
    auto first = co_await in.next();
    EXPECT_TRUE(first);
    for (int i = 0; i < 3; ++i)
      EXPECT_EQ(error_of(co_await in.next()), std::errc::too_many_files_open);
    // Nobody asks, so nothing is tried.
    const std::uint64_t submitted = test::submitted();
    for (int turns = 0; turns < 10; ++turns) co_await yield();
    EXPECT_EQ(test::submitted(), submitted);
    limit.reset();
    EXPECT_EQ(co_await name_of(std::move(first).value()), "0");
    for (int i = 1; i < 3; ++i)
      EXPECT_EQ(co_await name_of((co_await in.next()).value()), std::to_string(i));
  });
}

task<> take_one(const accept_stream<tcp_stream>& in, std::vector<std::string>& log,
                std::string who) {
  auto next = co_await in.next();
  const std::size_t at = log.size();
  log.push_back(who);
  if (next) {
    const std::string name = co_await name_of(std::move(*next));
    log[at] += name;
  } else {
    log[at] += next.error() == errc::canceled ? "-" : "?";
  }
}

TEST(accept_stream, those_who_wait_are_served_in_turn) {
  run([]() -> task<> {
    const tcp_listener at = tcp();
    const accept_stream in = at.incoming();
    std::vector<std::string> log;
    auto a = spawn(take_one, std::cref(in), std::ref(log), "a");
    auto b = spawn(take_one, std::cref(in), std::ref(log), "b");
    auto c = spawn(take_one, std::cref(in), std::ref(log), "c");
    co_await yield();
    b.abort();
    const outside_peer first(at, "1");
    const outside_peer second(at, "2");
    co_await std::move(a);
    co_await std::move(c);
    EXPECT_EQ(log, (std::vector<std::string>{"a1", "c2"}));
  });
}

task<> note_one(const accept_stream<tcp_stream>& in, std::string& log, char who) {
  const auto next = co_await in.next();
  if (next) log.push_back(who);
}

TEST(accept_stream, a_connection_for_a_task_that_dies_goes_to_the_next) {
  run([]() -> task<> {
    const tcp_listener at = tcp();
    const accept_stream in = at.incoming();
    for (int i = 0; i < 50; ++i) {
      std::string log;
      auto a = spawn(note_one, std::cref(in), std::ref(log), 'a');
      auto b = spawn(note_one, std::cref(in), std::ref(log), 'b');
      const outside_peer first(at, "1");
      for (int turns = 0; turns < i % 5; ++turns) co_await yield();
      a.abort();
      if (log.empty()) {
        co_await std::move(b);
        EXPECT_EQ(log, "b");
      } else {
        b.abort();
      }
    }
  });
}

TEST(accept_stream, destroying_it_ends_the_wait_of_others) {
  run([]() -> task<> {
    const tcp_listener at = tcp();
    std::optional in = at.incoming();
    std::vector<std::string> log;
    auto a = spawn(take_one, std::cref(*in), std::ref(log), "a");
    co_await yield();
    in.reset();
    co_await std::move(a);
    EXPECT_EQ(log, std::vector<std::string>{"a-"});
  });
}

TEST(accept_stream, keeps_as_many_as_come_where_it_is_told_to) {
  run([]() -> task<> {
    const tcp_listener at = tcp();
    const accept_stream in = at.incoming(std::numeric_limits<std::size_t>::max());
    const outside_peer peer(at, "peer");
    auto next = co_await in.next();
    EXPECT_EQ(co_await name_of(std::move(next).value()), "peer");
  });
}

}  // namespace
}  // namespace carousel
