#include <gtest/gtest.h>
#include <sys/resource.h>
#include <carousel/carousel.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "support/half_outside.hpp"
#include "support/open_fds.hpp"
#include "support/run.hpp"
#include "support/stream_ends.hpp"

// What comes through connections that share a few buffers.

namespace carousel {
namespace {

using std::chrono::milliseconds;
using test::error_of;
using test::half_outside;
using test::open_fds;
using test::run;
using test::text_of;

constexpr std::size_t bytes = half_outside::buffer_bytes;

fixed_buf_pool pool_of(std::size_t count) { return half_outside::pool_of(count); }

template <class Stream>
task<> receive_all_of_it() {
  auto [here, there] = co_await test::connect_both<Stream>();
  const fixed_buf_pool pool = pool_of(4);
  const buf_group group = pool.group(bytes, 2).value();
  const receive_stream in = here.receive(group);
  std::string sent;
  for (int i = 0; i < 200; ++i) sent += std::to_string(i) + ' ';
  auto writing = spawn([](Stream to, std::string text) -> task<> {
    std::vector<std::byte> all(text.size());
    std::ranges::copy(std::as_bytes(std::span(text)), all.begin());
    const auto written = co_await to.write_all(std::move(all));
    EXPECT_TRUE(written.res);
    EXPECT_TRUE(co_await to.shutdown(shut::write));
  }(there, sent));
  std::string got;
  for (;;) {
    const auto lease = co_await in.next();
    if (!lease) {
      EXPECT_EQ(lease.error(), errc::end_of_file);
      break;
    }
    EXPECT_NE(lease->size(), 0U);
    got += text_of(*lease);
  }
  EXPECT_EQ(got, sent);
  EXPECT_EQ(error_of(co_await in.next()), errc::end_of_file);
  co_await std::move(writing);
}

TEST(receive_stream, brings_all_bytes_in_order_and_then_the_end) {
  run(receive_all_of_it<tcp_stream>);
  run(receive_all_of_it<unix_stream>);
}

task<> take_text(const receive_stream& in, std::vector<std::string>& log) {
  const auto lease = co_await in.next();
  log.push_back(lease ? text_of(*lease) : lease.error().message());
}

TEST(receive_stream, a_connection_that_waits_has_no_buffer) {
  run([]() -> task<> {
    const fixed_buf_pool pool = pool_of(2);
    const buf_group group = pool.group(bytes, 2).value();
    std::array<half_outside, 10> connections;
    std::vector<receive_stream> streams;
    std::vector<std::string> log;
    std::vector<join_handle<void>> waiting;
    streams.reserve(connections.size());
    for (const half_outside& one : connections) {
      streams.push_back(one.here->receive(group));
      waiting.push_back(spawn(take_text, std::cref(streams.back()), std::ref(log)));
    }
    for (int turns = 0; turns < 5; ++turns) co_await yield();
    EXPECT_EQ(pool.lent(), 2U);
    for (const half_outside& one : connections) one.say("x");
    for (auto& one : waiting) co_await std::move(one);
    EXPECT_EQ(log, std::vector<std::string>(connections.size(), "x"));
    EXPECT_EQ(pool.lent(), 2U);
  });
}

TEST(receive_stream, where_all_buffers_are_in_use_it_waits_for_one_in_turn) {
  run([]() -> task<> {
    const fixed_buf_pool pool = pool_of(1);
    const buf_group group = pool.group(bytes, 1).value();
    const half_outside a;
    const half_outside b;
    const half_outside c;
    const receive_stream in_a = a.here->receive(group);
    const receive_stream in_b = b.here->receive(group);
    const receive_stream in_c = c.here->receive(group);
    a.say("a");
    std::optional first(co_await in_a.next());
    EXPECT_EQ(text_of(first->value()), "a");
    EXPECT_EQ(pool.lent(), 0U);
    std::vector<std::string> log;
    b.say("b");
    auto take_b = spawn(take_text, std::cref(in_b), std::ref(log));
    co_await sleep_for(milliseconds(1));
    c.say("c");
    auto take_c = spawn(take_text, std::cref(in_c), std::ref(log));
    EXPECT_EQ(error_of(co_await timeout(milliseconds(1), in_a.next())), errc::timed_out);
    EXPECT_TRUE(log.empty());
    first.reset();
    co_await std::move(take_b);
    co_await std::move(take_c);
    EXPECT_EQ(log, (std::vector<std::string>{"b", "c"}));
  });
}

TEST(receive_stream, who_waits_in_the_pool_comes_before_a_group) {
  run([]() -> task<> {
    const fixed_buf_pool pool = pool_of(1);
    const buf_group group = pool.group(bytes, 1).value();
    const half_outside a;
    const receive_stream in = a.here->receive(group);
    a.say("a");
    std::optional lease(co_await in.next());
    auto waiting = spawn([](const fixed_buf_pool& from) -> task<> {
      const auto got = co_await from.next(bytes);
      EXPECT_TRUE(got);
    }(pool));
    a.say("b");
    std::vector<std::string> log;
    auto next = spawn(take_text, std::cref(in), std::ref(log));
    co_await sleep_for(milliseconds(1));
    lease.reset();
    co_await std::move(waiting);
    EXPECT_TRUE(log.empty());
    co_await std::move(next);
    EXPECT_EQ(log, std::vector<std::string>{"b"});
    EXPECT_EQ(pool.lent(), 1U);
  });
}

TEST(receive_stream, a_stop_loses_no_byte) {
  run([]() -> task<> {
    const fixed_buf_pool pool = pool_of(2);
    const buf_group group = pool.group(bytes, 2).value();
    const half_outside peer;
    const receive_stream in = peer.here->receive(group);
    std::string got;
    std::string sent;
    for (int i = 0; i < 40; ++i) {
      const std::string some = std::to_string(i);
      auto lease = co_await timeout(milliseconds(0), in.next());
      if (lease) got += text_of(*lease);
      peer.say(some);
      sent += some;
      for (int turns = 0; turns < i % 5; ++turns) co_await yield();
      if (i % 3 == 0) continue;
      while (got.size() < sent.size()) {
        auto more = co_await timeout(milliseconds(i % 2), in.next());
        if (more) got += text_of(*more);
      }
    }
    peer.say(".");
    while (!got.ends_with('.')) got += text_of((co_await in.next()).value());
    EXPECT_EQ(got, sent + '.');
  });
}

TEST(receive_stream, its_leases_are_those_of_the_pool) {
  run([]() -> task<> {
    const fixed_buf_pool pool = pool_of(2);
    (void)pool.register_buffers();
    const buf_group group = pool.group(bytes, 2).value();
    auto [here, there] = co_await test::connect_both<unix_stream>();
    const half_outside peer;
    const receive_stream in = peer.here->receive(group);
    peer.say("passed on");
    auto lease = co_await in.next();
    auto written = co_await here.write_all_fixed(std::move(lease).value());
    EXPECT_TRUE(written.res);
    EXPECT_EQ(text_of(written.buf), "passed on");
    const auto read = co_await there.read(std::vector<std::byte>(20));
    EXPECT_EQ(read.res.value(), 9U);
  });
}

TEST(receive_stream, a_reset_is_told_with_every_next) {
  run([]() -> task<> {
    const fixed_buf_pool pool = pool_of(1);
    const buf_group group = pool.group(bytes, 1).value();
    auto [here, there] = co_await test::connect_both<tcp_stream>();
    const receive_stream in = here.receive(group);
    co_await test::reset(std::move(there));
    for (int i = 0; i < 3; ++i)
      EXPECT_EQ(error_of(co_await in.next()), std::errc::connection_reset);
    EXPECT_EQ(pool.lent(), 1U);
  });
}

TEST(receive_stream, ends_when_its_socket_is_closed) {
  run([]() -> task<> {
    const fixed_buf_pool pool = pool_of(1);
    const buf_group group = pool.group(bytes, 1).value();
    half_outside peer;
    const receive_stream in = peer.here->receive(group);
    std::vector<std::string> log;
    auto waiting = spawn(take_text, std::cref(in), std::ref(log));
    co_await yield();
    EXPECT_TRUE(co_await std::move(*peer.here).close());
    co_await std::move(waiting);
    EXPECT_EQ(log, std::vector<std::string>{make_error_code(errc::end_of_file).message()});
    EXPECT_EQ(error_of(co_await in.next()), errc::end_of_file);
  });
}

TEST(receive_stream, ends_when_its_socket_is_closed_and_all_buffers_are_out) {
  run([]() -> task<> {
    const fixed_buf_pool pool = pool_of(1);
    const buf_group group = pool.group(bytes, 1).value();
    const half_outside other;
    const receive_stream has_it = other.here->receive(group);
    other.say("all");
    const auto lease = co_await has_it.next();
    for (int turns = 0; turns < 6; ++turns) {
      half_outside peer;
      const receive_stream in = peer.here->receive(group);
      peer.say("never read");
      std::vector<std::string> log;
      auto waiting = spawn(take_text, std::cref(in), std::ref(log));
      for (int i = 0; i < turns; ++i) co_await yield();
      EXPECT_TRUE(co_await std::move(*peer.here).close());
      co_await std::move(waiting);
      EXPECT_EQ(log, std::vector<std::string>{make_error_code(errc::end_of_file).message()});
      EXPECT_EQ(error_of(co_await in.next()), errc::end_of_file);
    }
  });
}

TEST(receive_stream, destroyed_ones_leave_no_lease_and_no_descriptor) {
  const std::size_t before = open_fds();
  run([]() -> task<> {
    const fixed_buf_pool pool = pool_of(3);
    for (int i = 0; i < 300; ++i) {
      const buf_group group = pool.group(bytes, 1 + static_cast<std::size_t>(i) % 3).value();
      std::vector<std::string> log;
      const half_outside a;
      const half_outside b;
      std::optional in_a = a.here->receive(group);
      const receive_stream in_b = b.here->receive(group);
      auto take_a = spawn(take_text, std::cref(*in_a), std::ref(log));
      auto take_b = spawn(take_text, std::cref(in_b), std::ref(log));
      for (int turns = 0; turns <= i % 3; ++turns) co_await yield();
      a.say("a");
      b.say("b");
      for (int turns = 0; turns < i % 7; ++turns) co_await yield();
      if (i % 4 < 2) take_a.abort();
      if (i % 4 < 3) in_a.reset();  // else what it had read for a dead task has the only buffer
      co_await std::move(take_b);
      EXPECT_TRUE(std::ranges::count(log, "b") == 1);
      take_a.abort();
    }
    EXPECT_EQ(pool.lent(), 0U);
    std::vector<fixed_buf> all;
    for (int i = 0; i < 3; ++i) {
      auto lease = co_await pool.next(bytes);
      all.push_back(std::move(lease).value());
    }
  });
  EXPECT_EQ(open_fds(), before);
}

TEST(receive_stream, goes_on_in_another_runtime) {
  const fixed_buf_pool pool = pool_of(1);
  const buf_group group = pool.group(bytes, 1).value();
  const half_outside a;
  const half_outside b;
  const receive_stream in_a = a.here->receive(group);
  const receive_stream in_b = b.here->receive(group);
  for (int i = 0; i < 3; ++i) {
    a.say("a");
    b.say("b");
    run([&]() -> task<> {
      const auto lease = co_await in_a.next();
      EXPECT_EQ(text_of(lease.value()), "a");
      // The one waits for its buffer when the runtime ends, the other for bytes.
      std::vector<std::string> log;
      const auto none = co_await timeout(milliseconds(1), in_b.next());
      EXPECT_EQ(error_of(none), errc::timed_out);
      const auto still = co_await timeout(milliseconds(0), in_a.next());
      EXPECT_EQ(error_of(still), errc::timed_out);
    });
    run([&]() -> task<> {
      const auto lease = co_await in_b.next();
      EXPECT_EQ(text_of(lease.value()), "b");
    });
  }
}

TEST(receive_stream, says_that_its_pool_is_closed) {
  run([]() -> task<> {
    fixed_buf_pool pool = pool_of(1);
    const buf_group group = pool.group(bytes, 1).value();
    const half_outside peer;
    const receive_stream in = peer.here->receive(group);
    peer.say("first");
    std::optional lease(co_await in.next());
    peer.say("second");
    std::vector<std::string> log;
    auto waiting = spawn(take_text, std::cref(in), std::ref(log));
    co_await sleep_for(milliseconds(1));
    auto closing = spawn([](fixed_buf_pool p) -> task<> {
      const auto closed = co_await std::move(p).close();
      EXPECT_TRUE(closed);
    }(std::move(pool)));
    co_await std::move(waiting);
    EXPECT_EQ(log, std::vector<std::string>{make_error_code(errc::pool_closed).message()});
    EXPECT_FALSE(closing.done());
    lease.reset();
    co_await std::move(closing);
  });
}

/// Descriptors for so many connections; false where there are none.
bool allow_descriptors(rlim_t wanted) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::max(limit.rlim_cur, std::min(wanted, limit.rlim_max));
  return setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= wanted;
}

struct progress {
  std::vector<int> messages;
  int ahead = 0;  ///< of the slowest, the fastest at any time
  std::size_t finished = 0;
};

/// Everything of one connection, a byte per message.
task<> take_messages(const receive_stream& in, std::size_t who, int messages, progress& all) {
  for (int& done = all.messages[who]; done < messages; ++done) {
    const auto lease = co_await in.next();
    if (!lease) throw std::system_error(lease.error());
    EXPECT_EQ(lease->size(), 1U);
    all.ahead = std::max(all.ahead, done - *std::ranges::min_element(all.messages));
    co_await yield();  // with the lease in hand
  }
  ++all.finished;
}

TEST(receive_stream, a_thousand_connections_make_even_progress_on_four_buffers) {
  const bool fake = test::on_fake_kernel();
  const std::size_t many = fake ? 50 : 1'000;
  constexpr int messages = 5;
  if (!allow_descriptors(2 * many + 100)) GTEST_SKIP() << "not enough descriptors";
  run([&]() -> task<> {
    // Of one byte, so that one message is one buffer.
    const fixed_buf_pool pool = fixed_buf_pool::make({{.capacity = 1, .count = 4}}).value();
    const buf_group group = pool.group(1, 4).value();
    std::vector<std::unique_ptr<half_outside>> connections;
    std::vector<receive_stream> streams;
    progress all{std::vector<int>(many), 0, 0};
    streams.reserve(many);
    std::vector<join_handle<void>> tasks;
    tasks.reserve(many);
    for (std::size_t i = 0; i < many; ++i) {
      const auto& one = connections.emplace_back(std::make_unique<half_outside>());
      one->say(std::string(messages, 'x'));
      streams.push_back(one->here->receive(group));
      tasks.push_back(spawn(take_messages, std::cref(streams.back()), i, messages, std::ref(all)));
    }
    for (auto& one : tasks) co_await std::move(one);
    EXPECT_EQ(all.finished, many);
    EXPECT_LE(all.ahead, fake ? messages : 1);
    EXPECT_EQ(pool.lent(), 4U);
  });
}

}  // namespace
}  // namespace carousel
