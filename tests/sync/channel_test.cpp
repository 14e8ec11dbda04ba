#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "support/run.hpp"

namespace carousel {
namespace {

using std::chrono::milliseconds;
using test::error_of;
using test::run;

using value = std::unique_ptr<int>;
using numbers = channel<value>;

value number(int n) { return std::make_unique<int>(n); }

task<> receive_one(numbers& from, std::vector<int>& into) {
  const result<value> got = co_await from.receive();
  if (got) into.push_back(**got);
}

struct job {
  std::string path;
  std::shared_ptr<int> owner;
};

TEST(channel, a_value_may_be_made_of_its_members_while_it_is_sent) {
  run([]() -> task<> {
    channel<job> c(1);
    const auto owner = std::make_shared<int>(1);
    const auto sent = co_await c.send("a path", owner);
    EXPECT_TRUE(sent.res);
    EXPECT_EQ(owner.use_count(), 2);
    result<job> received = co_await c.receive();
    EXPECT_EQ(received->path, "a path");
    received = std::unexpected(make_error_code(errc::closed));
    EXPECT_EQ(owner.use_count(), 1);
  });
}

TEST(channel, a_value_that_does_not_fit_stays_with_its_sender) {
  run([]() -> task<> {
    channel<std::string> c(1);
    EXPECT_TRUE(c.try_send("first"));
    std::string second = "second";
    EXPECT_FALSE(c.try_send(std::move(second)));
    EXPECT_EQ(second, "second");  // NOLINT(bugprone-use-after-move): the fact under test
    co_return;
  });
}

TEST(channel, values_arrive_in_order_through_a_limited_room) {
  numbers c(3);
  std::vector<int> got;
  run([&]() -> task<> {
    auto sends = spawn([](numbers& to) -> task<> {
      for (int i = 0; i < 100; ++i) {
        const auto [res, rest] = co_await to.send(number(i));
        EXPECT_TRUE(res);
        EXPECT_FALSE(rest);
        EXPECT_LE(to.size(), 3U);
      }
      to.close();
    }(c));
    for (;;) {
      const result<value> next = co_await c.receive();
      if (!next) {
        EXPECT_EQ(error_of(next), errc::closed);
        break;
      }
      got.push_back(**next);
    }
    co_await std::move(sends);
  });
  ASSERT_EQ(got.size(), 100U);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(got[static_cast<std::size_t>(i)], i);
}

TEST(channel, a_value_that_is_not_sent_comes_back) {
  run([]() -> task<> {
    numbers c(1);
    value first = number(1);
    EXPECT_TRUE(c.try_send(first));
    value second = number(2);
    EXPECT_FALSE(c.try_send(second));
    auto late = co_await timeout(milliseconds(1), c.send(std::move(second)));
    EXPECT_EQ(error_of(late.res), errc::timed_out);
    EXPECT_EQ(**late.buf, 2);
    c.close();
    auto refused = co_await c.send(number(3));
    EXPECT_EQ(error_of(refused.res), errc::closed);
    EXPECT_EQ(**refused.buf, 3);
    const result<value> left = co_await c.receive();
    EXPECT_EQ(**left, 1);
    const result<value> none = co_await c.receive();
    EXPECT_EQ(error_of(none), errc::closed);
  });
}

TEST(channel, closing_gives_waiting_senders_their_values_back) {
  run([]() -> task<> {
    numbers c(1);
    value first = number(1);
    EXPECT_TRUE(c.try_send(first));
    auto waits = spawn([](numbers& to) -> task<int> {
      auto r = co_await to.send(number(2));
      EXPECT_EQ(error_of(r.res), errc::closed);
      co_return **r.buf;
    }(c));
    co_await yield();
    c.close();
    const int back = co_await std::move(waits);
    EXPECT_EQ(back, 2);
    EXPECT_EQ(c.size(), 1U);
  });
}

TEST(channel, what_was_meant_for_one_that_dies_goes_to_the_next) {
  numbers c(2);
  std::vector<int> got;
  run([&]() -> task<> {
    auto first = spawn(receive_one(c, got));
    auto second = spawn(receive_one(c, got));
    co_await yield();
    value one = number(1);
    EXPECT_TRUE(c.try_send(one));
    first.abort();
    co_await std::move(second);
  });
  EXPECT_EQ(got, std::vector{1});
}

TEST(channel, nobody_takes_a_value_past_a_receiver_that_has_waited) {
  numbers c(4);
  std::vector<int> got;
  run([&]() -> task<> {
    auto first = spawn(receive_one(c, got));
    co_await yield();
    for (int i = 1; i <= 2; ++i) {
      value n = number(i);
      EXPECT_TRUE(c.try_send(n));
    }
    EXPECT_FALSE(c.try_receive());
    const result<value> mine = co_await c.receive();
    EXPECT_EQ(**mine, 2);
    EXPECT_EQ(got, std::vector{1});
    EXPECT_FALSE(c.try_receive());
  });
}

TEST(channel, a_receiver_that_is_stopped_leaves_the_line) {
  run([]() -> task<> {
    numbers c(1);
    const result<value> none = co_await timeout(milliseconds(1), c.receive());
    EXPECT_EQ(error_of(none), errc::timed_out);
    value one = number(1);
    EXPECT_TRUE(c.try_send(one));
    EXPECT_EQ(**c.try_receive(), 1);
  });
}

/// Tasks send and receive, are stopped and destroyed, at random.
task<> random_sender(numbers& to, int first, int count, std::vector<bool>& sent,
                     std::mt19937& random) {
  for (int i = first; i < first + count; ++i) {
    auto r = co_await timeout(milliseconds(random() % 2), to.send(number(i)));
    sent[static_cast<std::size_t>(i)] = r.res.has_value();
    EXPECT_EQ(r.res.has_value(), !r.buf.has_value());
    if (random() % 4 == 0) co_await yield();
  }
}

task<> random_receiver(numbers& from, std::vector<int>& received, std::mt19937& random) {
  for (;;) {
    const result<value> got = co_await timeout(milliseconds(random() % 2), from.receive());
    if (got) ++received[static_cast<std::size_t>(**got)];
    if (error_of(got) == errc::closed) co_return;
    if (random() % 4 == 0) co_await yield();
  }
}

TEST(channel, nothing_is_lost_or_doubled_when_tasks_are_stopped_and_destroyed_at_random) {
  constexpr int senders = 4;
  constexpr int each = 50;
  constexpr std::size_t all = std::size_t{senders} * each;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    numbers c(1 + seed % 3);
    std::vector<bool> sent(all);
    std::vector<int> received(all);
    run([&]() -> task<> {
      std::vector<join_handle<void>> sending;
      std::vector<join_handle<void>> receiving;
      for (int i = 0; i < senders; ++i)
        sending.push_back(spawn(random_sender(c, i * each, each, sent, random)));
      for (int i = 0; i < 3; ++i) receiving.push_back(spawn(random_receiver(c, received, random)));
      for (int i = 0; i < 5; ++i) {  // receivers of one value that are destroyed, granted or not
        std::vector<int> got;
        auto dead = spawn(receive_one(c, got));
        co_await yield();
        dead.abort();
        for (const int n : got) ++received[static_cast<std::size_t>(n)];
      }
      for (auto& one : sending) co_await std::move(one);
      c.close();
      for (auto& one : receiving) co_await std::move(one);
    });
    EXPECT_EQ(c.size(), 0U);
    for (std::size_t i = 0; i < sent.size(); ++i)
      EXPECT_EQ(received[i], sent[i] ? 1 : 0) << "value " << i << ", seed " << seed;
  }
}

}  // namespace
}  // namespace carousel
