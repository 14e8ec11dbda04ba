#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <latch>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "support/run.hpp"

// Its ends are in several runtimes, and each of them may end at any moment.

namespace carousel {
namespace {

using test::error_of;
using test::make_runtime;
using test::run;

task<> send_all(remote_channel<int> to, int first, int count) {
  for (int i = first; i < first + count; ++i) {
    const auto sent = co_await to.send(i);
    if (!sent.res) co_return;
  }
}

task<> receive_all(remote_channel<int> from, std::vector<int>& into) {
  for (;;) {
    const auto value = co_await from.receive();
    if (!value) co_return;
    into.push_back(*value);
  }
}

/// 0, 1, 2 and so on, each once.
void expect_each_once(std::vector<int> all, int count) {
  std::ranges::sort(all);
  ASSERT_EQ(all.size(), static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)], i);
}

TEST(remote_channel, carries_values_from_one_runtime_to_another_in_their_order) {
  const remote_channel<int> q(4);
  constexpr int count = 2000;
  std::vector<int> got;
  {
    const std::jthread receiver([&] { run([&] { return receive_all(q, got); }); });
    run([&] { return send_all(q, 0, count); });
    q.close();
  }
  EXPECT_TRUE(std::ranges::is_sorted(got));
  expect_each_once(got, count);
}

TEST(remote_channel, gives_each_value_to_one_of_many) {
  const remote_channel<int> q(3);
  constexpr int each = 500;
  std::array<std::vector<int>, 4> got;
  {
    std::vector<std::jthread> receivers;
    for (std::size_t t = 0; t < 2; ++t) {
      receivers.emplace_back([&, first = 2 * t] {
        run([&, first]() -> task<> {
          (void)co_await when_all(receive_all(q, got[first]), receive_all(q, got[first + 1]));
        });
      });
    }
    {
      std::vector<std::jthread> senders;
      for (int t = 0; t < 2; ++t) {
        senders.emplace_back([&, t] {
          run([&, t]() -> task<> {
            (void)co_await when_all(send_all(q, 2 * t * each, each),
                                    send_all(q, (2 * t + 1) * each, each));
          });
        });
      }
    }
    q.close();
  }
  std::vector<int> all;
  for (const auto& some : got) all.insert(all.end(), some.begin(), some.end());
  expect_each_once(all, 4 * each);
}

TEST(remote_channel, is_open_to_plain_threads) {
  const remote_channel<int> q(2);
  EXPECT_FALSE(q.try_receive().has_value());
  EXPECT_TRUE(q.try_send(1));
  EXPECT_TRUE(q.try_send(2));
  int third = 3;
  EXPECT_FALSE(q.try_send(third));
  EXPECT_EQ(third, 3);
  EXPECT_EQ(q.try_receive(), 1);
  EXPECT_TRUE(q.try_send(third));
  EXPECT_EQ(q.try_receive(), 2);
  EXPECT_EQ(q.try_receive(), 3);
  q.close();
  EXPECT_TRUE(q.closed());
  EXPECT_FALSE(q.try_send(4));
}

TEST(remote_channel, wakes_a_loop_that_waits_for_nothing_else) {
  const remote_channel<std::unique_ptr<int>> q(1);
  std::latch waits(1);
  const std::jthread other([&] {
    waits.wait();
    EXPECT_TRUE(q.try_send(std::make_unique<int>(7)));
  });
  run([&]() -> task<> {
    waits.count_down();
    EXPECT_EQ(**co_await q.receive(), 7);
  });
}

TEST(remote_channel, gives_what_is_in_it_when_it_is_closed_and_then_the_error) {
  run([]() -> task<> {
    const remote_channel<int> q(1);
    (void)co_await q.send(1);
    auto late = spawn(
        [](remote_channel<int> to) -> task<> {
          const auto r = co_await to.send(2);
          EXPECT_EQ(error_of(r.res), errc::closed);
          EXPECT_EQ(r.buf, 2);
        },
        q);
    co_await yield();
    q.close();
    co_await std::move(late);
    EXPECT_EQ(co_await q.receive(), 1);
    EXPECT_EQ(error_of(co_await q.receive()), errc::closed);
    const auto refused = co_await q.send(3);
    EXPECT_EQ(error_of(refused.res), errc::closed);
    EXPECT_EQ(refused.buf, 3);
  });
}

TEST(remote_channel, a_close_lets_those_go_who_wait_elsewhere) {
  const remote_channel<int> q(1);
  std::latch waits(1);
  const std::jthread other([&] {
    waits.wait();
    q.close();
  });
  run([&]() -> task<> {
    waits.count_down();
    EXPECT_EQ(error_of(co_await q.receive()), errc::closed);
  });
}

TEST(remote_channel, waiting_can_be_stopped_and_what_was_not_sent_comes_back) {
  run([]() -> task<> {
    const remote_channel<int> q(1);
    EXPECT_EQ(error_of(co_await timeout(std::chrono::milliseconds(1), q.receive())),
              errc::timed_out);
    EXPECT_TRUE(q.try_send(1));
    const auto late = co_await timeout(std::chrono::milliseconds(1), q.send(2));
    EXPECT_EQ(error_of(late.res), errc::timed_out);
    EXPECT_EQ(late.buf, 2);
    EXPECT_EQ(q.try_receive(), 1);
    EXPECT_FALSE(q.try_receive().has_value());
    std::stop_source stopped;
    stopped.request_stop();
    EXPECT_EQ(error_of(co_await stop_on(stopped.get_token(), q.receive())), errc::canceled);
  });
}

TEST(remote_channel, a_value_for_a_receiver_that_dies_goes_to_the_next) {
  run([]() -> task<> {
    const remote_channel<int> q(1);
    int got = 0;
    const auto receive = [&]() -> task<> { got = (co_await q.receive()).value(); };
    auto dies = spawn(receive);
    auto next = spawn(receive);
    co_await yield();
    EXPECT_TRUE(q.try_send(7));  // for the first, which has not run yet
    dies.abort();
    co_await std::move(next);
    EXPECT_EQ(got, 7);
    auto last = spawn(receive);
    co_await yield();
    EXPECT_TRUE(q.try_send(8));
    last.abort();
    EXPECT_EQ(q.try_receive(), 8);
  });
}

TEST(remote_channel, room_for_a_sender_that_dies_goes_to_the_next) {
  run([]() -> task<> {
    const remote_channel<int> q(1);
    EXPECT_TRUE(q.try_send(0));
    const auto send = [&](int value) -> task<> { (void)co_await q.send(value); };
    auto dies = spawn(send, 1);
    auto next = spawn(send, 2);
    co_await yield();
    EXPECT_EQ(q.try_receive(), 0);
    dies.abort();
    co_await std::move(next);
    EXPECT_EQ(q.try_receive(), 2);
  });
}

TEST(remote_channel, what_was_meant_for_a_runtime_that_ends_stays) {
  const remote_channel<int> q(1);
  std::optional<runtime> rt = make_runtime().value();
  auto body = [&]() -> task<> {
    spawn([](remote_channel<int> from) -> task<> { (void)co_await from.receive(); }, q).detach();
    co_await yield();
    EXPECT_TRUE(q.try_send(7));
  };
  rt->block_on(body());
  rt.reset();
  (void)q.try_send(8);  // the first was received before the end, or is there still
  EXPECT_TRUE(q.try_receive().has_value());
}

TEST(remote_channel, loses_and_doubles_nothing_when_runtimes_end_amid_their_transfers) {
  const remote_channel<int> q(2);
  constexpr int count = 1000;
  std::vector<int> got;
  const std::jthread sender([&] {
    // Each runtime ends as soon as its part is in the channel.
    for (int i = 0; i < count; i += 20) run([&] { return send_all(q, i, 20); });
    q.close();
  });
  for (bool open = true; open;) {
    run([&]() -> task<> {
      // One dies with its runtime, whatever it waits for.
      spawn([](remote_channel<int> from,
               std::vector<int>& into) -> task<> { return receive_all(std::move(from), into); },
            q, std::ref(got))
          .detach();
      for (int i = 0; i < 7 && open; ++i) {
        const auto value = co_await q.receive();
        if (value) got.push_back(*value);
        open = value.has_value();
      }
    });
  }
  expect_each_once(got, count);
}

TEST(remote_channel, destroys_what_nobody_received_with_its_last_handle) {
  const auto value = std::make_shared<int>(1);
  {
    const remote_channel<std::shared_ptr<int>> q(2);
    EXPECT_TRUE(q.try_send(std::shared_ptr<int>(value)));
    EXPECT_EQ(value.use_count(), 2);
  }
  EXPECT_EQ(value.use_count(), 1);
}

TEST(remote_channel, receivers_may_die_while_others_send) {
  const remote_channel<int> q(2);
  constexpr int count = 300;
  std::vector<int> got;
  const std::jthread sender([&] {
    run([&] { return send_all(q, 0, count); });
    q.close();
  });
  run([&]() -> task<> {
    for (bool open = true; open;) {
      auto dies = spawn([&]() -> task<> {
        const auto value = co_await q.receive();
        if (value) got.push_back(*value);
      });
      co_await yield();
      if (got.size() % 3 == 0) co_await yield();
      dies.abort();
      if (auto value = q.try_receive()) got.push_back(*value);
      open = !(q.closed() && got.size() == count);
    }
  });
  expect_each_once(got, count);
}

}  // namespace
}  // namespace carousel
