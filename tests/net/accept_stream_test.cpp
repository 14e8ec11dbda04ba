#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "support/open_fds.hpp"
#include "support/run.hpp"
#include "support/stream_ends.hpp"
#include "support/submitted.hpp"

// Connections that come without being asked for each, and what becomes of them when nobody takes
// them.

namespace carousel {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::error_of;
using test::open_fds;
using test::run;

constexpr std::chrono::microseconds a_moment{10};

tcp_listener tcp() { return test::connections<tcp_stream>::listener(); }

/// A peer outside of the runtime, which says who it is.
class outside_peer {
 public:
  template <class Listener>
  explicit outside_peer(const Listener& at, const std::string& name = "x") {
    const socket_address to = at.local_address().value();
    fd_ = ::socket(to.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::connect(fd_, to.data(), to.size()), 0);
    EXPECT_EQ(::send(fd_, name.data(), name.size(), MSG_NOSIGNAL), std::ssize(name));
  }
  outside_peer(outside_peer&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  outside_peer& operator=(outside_peer&&) = delete;
  ~outside_peer() {
    if (fd_ >= 0) ::close(fd_);
  }
  /// The other end is gone.
  [[nodiscard]] bool is_closed() const {
    char none = 0;
    return ::recv(fd_, &none, 1, MSG_DONTWAIT) == 0 || errno == ECONNRESET;
  }

 private:
  int fd_;
};

template <class Stream>
task<std::string> name_of(Stream peer) {
  auto [n, buf] = co_await peer.read(std::vector<std::byte>(16));
  co_return n ? std::string(reinterpret_cast<const char*>(buf.data()), *n) : n.error().message();
}

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

TEST(accept_stream, what_nobody_took_is_closed_with_it) {
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
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    const rlimit before = limit;
    limit.rlim_cur = static_cast<rlim_t>(::dup(0)) + 1;
    ::close(static_cast<int>(limit.rlim_cur) - 1);
    setrlimit(RLIMIT_NOFILE, &limit);
    auto first = co_await in.next();
    EXPECT_TRUE(first);
    for (int i = 0; i < 3; ++i)
      EXPECT_EQ(error_of(co_await in.next()), std::errc::too_many_files_open);
    // Nobody asks, so nothing is tried.
    const std::uint64_t submitted = test::submitted();
    for (int turns = 0; turns < 10; ++turns) co_await yield();
    EXPECT_EQ(test::submitted(), submitted);
    setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_EQ(co_await name_of(std::move(first).value()), "0");
    for (int i = 1; i < 3; ++i)
      EXPECT_EQ(co_await name_of((co_await in.next()).value()), std::to_string(i));
  });
}

TEST(accept_stream, ends_for_good_when_its_listener_is_closed) {
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

TEST(accept_stream, ends_when_its_listener_was_closed_before) {
  run([]() -> task<> {
    tcp_listener at = tcp();
    accept_stream in = at.incoming();
    EXPECT_TRUE(co_await std::move(at).close());
    EXPECT_EQ(error_of(co_await in.next()), errc::end_of_file);
  });
}

TEST(accept_stream, ends_when_its_listener_is_shut_down) {
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

TEST(accept_stream, dies_with_the_task_that_waits_for_it) {
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

TEST(accept_stream, goes_on_in_another_runtime) {
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

TEST(accept_stream, a_frame_that_waits_may_outlive_both) {
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

/// Each stream is torn at another moment.
task<> tear_streams(int connections) {
  const tcp_listener at = tcp();
  for (int i = 0; i < connections;) {
    const accept_stream in = at.incoming(1 + static_cast<std::size_t>(i) % 7);
    std::string log;
    auto taking = spawn(note_one, std::cref(in), std::ref(log), 'a');
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

TEST(accept_stream, ten_thousand_connections_of_torn_streams_leave_no_descriptor) {
  const std::size_t before = open_fds();
  run([] { return tear_streams(test::on_fake_kernel() ? 300 : 10'000); });
  EXPECT_EQ(open_fds(), before);
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

TEST(accept_stream, moved_from_it_is_a_programmers_error) {
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

TEST(accept_stream, one_that_goes_on_belongs_to_its_thread) {
  if (test::on_fake_kernel()) GTEST_SKIP() << "an accept that fails does not go on";
  EXPECT_DEATH(ask_in_another_thread(), "a stream that goes on belongs to the thread");
}

}  // namespace
}  // namespace carousel
