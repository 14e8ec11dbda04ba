#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "fake/kernel.hpp"
#include "loop/runtime_access.hpp"
#include "support/content.hpp"
#include "support/no_more_descriptors.hpp"
#include "support/open_fds.hpp"
#include "support/run.hpp"
#include "support/stream_ends.hpp"

// Whoever stops waiting for a connection leaves nothing behind: no descriptor, and no peer that
// talks to nobody.

namespace carousel {
namespace {

using std::chrono::milliseconds;
using test::connect_to;
using test::error_of;
using test::open_fds;
using test::read_text;
using test::run;

tcp_listener listener(listen_options options = {}) {
  return test::connections<tcp_stream>::listener(options);
}

task<std::error_code> accepts(tcp_listener at) {
  const auto r = co_await at.accept();
  co_return error_of(r);
}

/// Half of the accepts find a connection while they are abandoned.
task<> abandon_accepts(int rounds) {
  const tcp_listener at = listener();
  for (int i = 0; i < rounds; ++i) {
    auto accepting = spawn(accepts(at));
    for (int turns = 0; turns < i % 3; ++turns) co_await yield();
    std::optional<tcp_stream> client;
    if (i % 2 == 0) {
      auto made = co_await connect_to<tcp_stream>(at);
      client = std::move(made).value();
    }
    accepting.abort();
    if (!client) continue;
    // It was given to the dead accept and is closed, or it waits for the next one.
    auto next = spawn(accepts(at));
    const auto end = co_await timeout(std::chrono::minutes(1), read_text(*client));
    EXPECT_EQ(end.value_or("nothing"), "");
    next.abort();
    if (!end) co_return;
  }
}

TEST(abandoned_socket, accepts_leave_no_descriptor_and_no_connection) {
  const std::size_t before = open_fds();
  run([] { return abandon_accepts(300); });
  EXPECT_EQ(open_fds(), before);
}

/// Runs f() on fake kernels whose accepts are done a while before they say so.
void run_with_late_results(const std::function<task<>()>& f) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    fake::kernel_options options = fake::kernel_options::benign(seed);
    options.untold = 700;
    options.delay_max = milliseconds(2);
    auto rt =
        detail::runtime_access::make(std::make_unique<fake::kernel>(options), runtime_options{})
            .value();
    rt.block_on(f());
    EXPECT_TRUE(rt.shutdown(std::chrono::seconds(10)));
  }
}

TEST(abandoned_socket, a_connection_that_comes_too_late_is_closed) {
  const std::size_t before = open_fds();
  run_with_late_results([] { return abandon_accepts(20); });
  EXPECT_EQ(open_fds(), before);
}

TEST(abandoned_socket, connections_whose_runtime_ends_are_closed) {
  const std::size_t before = open_fds();
  for (int i = 0; i < 50; ++i) {
    const tcp_listener at = listener();
    std::vector<int> clients;
    run([&]() -> task<> {
      for (int n = 0; n < 4; ++n) spawn(accepts(at)).detach();
      auto made = co_await connect_to<tcp_stream>(at);
      EXPECT_TRUE(made);
    });
  }
  EXPECT_EQ(open_fds(), before);
}

TEST(abandoned_socket, a_connect_that_times_out_closes_its_socket) {
  const std::size_t before = open_fds();
  run([]() -> task<> {
    const tcp_listener full = listener({.backlog = 0});
    const auto first = co_await connect_to<tcp_stream>(full);
    EXPECT_TRUE(first);
    const std::size_t now = open_fds();
    for (int i = 0; i < 3; ++i) {
      const auto late = co_await timeout(milliseconds(3), connect_to<tcp_stream>(full));
      EXPECT_EQ(error_of(late), errc::timed_out);
    }
    EXPECT_EQ(open_fds(), now);
  });
  EXPECT_EQ(open_fds(), before);
}

TEST(abandoned_socket, a_connect_that_is_destroyed_closes_its_socket) {
  const std::size_t before = open_fds();
  const auto destroy_some = []() -> task<> {
    const tcp_listener full = listener({.backlog = 0});
    const auto first = co_await connect_to<tcp_stream>(full);
    EXPECT_TRUE(first);
    for (int i = 0; i < 20; ++i) {
      auto late = spawn(connect_to<tcp_stream>(full));
      for (int turns = 0; turns < i % 4; ++turns) co_await yield();
      late.abort();
    }
  };
  run(destroy_some);
  run_with_late_results(destroy_some);
  EXPECT_EQ(open_fds(), before);
}

TEST(abandoned_socket, close_stops_the_accepts_that_wait) {
  const std::size_t before = open_fds();
  run([]() -> task<> {
    tcp_listener at = listener();
    const socket_address where = at.local_address().value();
    std::vector<join_handle<std::error_code>> waiting;
    for (int i = 0; i < 3; ++i) waiting.push_back(spawn(accepts(at)));
    co_await yield();
    const result<> closed = co_await std::move(at).close();
    EXPECT_TRUE(closed);
    for (auto& one : waiting) EXPECT_EQ(co_await std::move(one), errc::canceled);
    const auto refused = co_await tcp_stream::connect(where);
    EXPECT_EQ(error_of(refused), std::errc::connection_refused);
  });
  EXPECT_EQ(open_fds(), before);
}

TEST(abandoned_socket, a_close_that_was_interrupted_is_not_done_again) {
  fake::kernel_options options;
  options.interrupted = 1000;  // it has freed the number all the same
  options.delay_max = milliseconds(2);
  auto rt = detail::runtime_access::make(std::make_unique<fake::kernel>(options), runtime_options{})
                .value();
  rt.block_on([]() -> task<> {
    for (int i = 0; i < 50; ++i) {
      auto ends = unix_stream::pair().value();
      const int number = ends.first.fd();
      auto closing = spawn([](unix_stream end) -> task<> {
        (void)co_await std::move(end).close();
      }(std::move(ends.first)));
      while (::fcntl(number, F_GETFD) >= 0 && !closing.done()) co_await yield();
      if (closing.done()) continue;
      const int other = ::fcntl(ends.second.fd(), F_DUPFD_CLOEXEC, number);
      EXPECT_EQ(other, number);
      closing.abort();
      co_await sleep_for(milliseconds(5));
      EXPECT_GE(::fcntl(number, F_GETFD), 0) << "somebody else's descriptor was closed";
      ::close(other);
    }
  }());
}

TEST(abandoned_socket, a_write_that_is_destroyed_gives_its_lease_back_and_closes) {
  const std::size_t before = open_fds();
  run([]() -> task<> {
    constexpr std::size_t much = std::size_t{16} << 20U;
    fixed_buf_pool pool = fixed_buf_pool::make({{much, 1}}).value();
    auto ends = co_await test::connect_both<tcp_stream>();
    fixed_buf lease = pool.try_next(much).value();
    lease.append(std::vector<std::byte>(much));
    auto writing = spawn([](tcp_stream to, fixed_buf bytes) -> task<> {
      (void)co_await to.write_all(std::move(bytes));
    }(std::move(ends.here), std::move(lease)));
    for (int turns = 0; turns < 3; ++turns) co_await yield();
    writing.abort();
    const auto again = co_await pool.next(much);
    EXPECT_TRUE(again);
    // The peer sees the end behind what was sent, although it has not read any of that.
    const auto rest = co_await test::read_all(ends.there);
    EXPECT_TRUE(rest);
  });
  EXPECT_EQ(open_fds(), before);
}

TEST(abandoned_socket, an_accept_without_a_descriptor_loses_no_connection) {
  if (test::on_fake_kernel()) GTEST_SKIP() << "the fake kernel needs descriptors of its own";
  run([]() -> task<> {
    const tcp_listener at = listener();
    auto client = co_await connect_to<tcp_stream>(at);
    {
      const test::no_more_descriptors limit;
      for (int i = 0; i < 3; ++i) EXPECT_EQ(co_await accepts(at), std::errc::too_many_files_open);
      const auto refused = co_await connect_to<tcp_stream>(at);
      EXPECT_EQ(error_of(refused), std::errc::too_many_files_open);
    }
    const auto accepted = co_await at.accept();
    const auto sent = co_await accepted.value().write_all(test::chars_of("still there"));
    EXPECT_TRUE(sent.res);
    EXPECT_EQ(co_await read_text(client.value()), "still there");
  });
}

}  // namespace
}  // namespace carousel
