#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <ranges>
#include <utility>
#include <vector>

#include "support/run.hpp"

// Waiting for a buffer: in line, each in turn, until a deadline or the pool's end.

namespace carousel {
namespace {

using std::chrono::steady_clock;
using test::error_of;
using test::run;

constexpr std::size_t bytes = 64;

fixed_buf_pool one_buffer() { return fixed_buf_pool::make({{bytes, 1}}).value(); }
fixed_buf lease_of(const fixed_buf_pool& pool) { return std::move(*pool.try_next(bytes)); }

task<> take_once(fixed_buf_pool pool, int name, std::vector<int>& served) {
  auto lease = co_await pool.next(bytes);
  EXPECT_TRUE(lease);
  served.push_back(name);
  co_await yield();
}

task<std::error_code> error_while_waiting(fixed_buf_pool pool) {
  const auto lease = co_await pool.next(bytes);
  co_return error_of(lease);
}

TEST(next, serves_two_hundred_waiters_in_the_order_in_which_they_came) {
  run([]() -> task<> {
    const auto pool = one_buffer();
    std::vector<int> served;
    std::vector<join_handle<void>> all;
    {
      const fixed_buf held = lease_of(pool);
      for (int i = 0; i < 200; ++i) all.push_back(spawn(take_once, pool, i, std::ref(served)));
      co_await yield();
      EXPECT_TRUE(served.empty());
    }
    for (auto& one : all) co_await std::move(one);
    EXPECT_TRUE(std::ranges::equal(served, std::views::iota(0, 200)));
    EXPECT_TRUE(pool.try_next(bytes));
  });
}

TEST(next, gives_a_free_buffer_without_waiting) {
  run([]() -> task<> {
    const auto pool = one_buffer();
    const auto lease = co_await pool.next(bytes);
    EXPECT_TRUE(lease);
    EXPECT_EQ(lease->capacity(), bytes);
    EXPECT_EQ(lease->size(), 0U);
  });
}

TEST(next, a_try_never_overtakes_a_waiter) {
  run([]() -> task<> {
    const auto pool = one_buffer();
    std::vector<int> served;
    auto held = pool.try_next(bytes);
    auto waiter = spawn(take_once, pool, 1, std::ref(served));
    co_await yield();
    held.reset();  // goes to the waiter, which has not run yet
    EXPECT_FALSE(pool.try_next(bytes));
    EXPECT_TRUE(served.empty());
    co_await std::move(waiter);
    EXPECT_EQ(served, std::vector{1});
    EXPECT_TRUE(pool.try_next(bytes));
  });
}

TEST(next, a_newcomer_stands_behind_those_who_wait) {
  run([]() -> task<> {
    const auto pool = one_buffer();
    std::vector<int> served;
    auto held = pool.try_next(bytes);
    auto first = spawn(take_once, pool, 1, std::ref(served));
    co_await yield();
    auto second = spawn(take_once, pool, 2, std::ref(served));
    held.reset();
    co_await std::move(second);
    EXPECT_EQ(served, (std::vector{1, 2}));
    co_await std::move(first);
  });
}

TEST(next, classes_have_lines_of_their_own) {
  run([]() -> task<> {
    const auto pool = fixed_buf_pool::make({{bytes, 1}, {2 * bytes, 1}}).value();
    std::vector<int> served;
    const fixed_buf held = lease_of(pool);
    auto waiter = spawn(take_once, pool, 1, std::ref(served));
    co_await yield();
    const auto other = co_await pool.next(2 * bytes);
    EXPECT_TRUE(other);
    EXPECT_TRUE(served.empty());
    waiter.abort();
  });
}

TEST(next, a_deadline_that_has_passed_is_one_try) {
  run([]() -> task<> {
    const auto pool = one_buffer();
    const auto past = steady_clock::now() - std::chrono::hours(1);
    auto lease = co_await pool.next(bytes, past);
    EXPECT_TRUE(lease);
    const auto refused = co_await pool.next(bytes, past);
    EXPECT_EQ(error_of(refused), errc::timed_out);
  });
}

TEST(next, ends_with_timed_out_at_its_deadline) {
  run([]() -> task<> {
    const auto pool = one_buffer();
    auto held = pool.try_next(bytes);
    const auto deadline = detail::now() + std::chrono::milliseconds(5);
    const auto refused = co_await pool.next(bytes, deadline);
    EXPECT_EQ(error_of(refused), errc::timed_out);
    EXPECT_GE(detail::now(), deadline);
    held.reset();
    EXPECT_TRUE(pool.try_next(bytes));  // it left the line
  });
}

TEST(next, a_buffer_that_comes_before_the_deadline_disarms_it) {
  run([]() -> task<> {
    const auto pool = one_buffer();
    auto held = pool.try_next(bytes);
    auto giver = spawn([&held]() -> task<> {
      held.reset();
      co_return;
    });
    const auto lease = co_await pool.next(bytes, steady_clock::now() + std::chrono::hours(1));
    EXPECT_TRUE(lease);
    co_await std::move(giver);
  });
}

TEST(next, an_aborted_waiter_leaves_the_line) {
  run([]() -> task<> {
    const auto pool = one_buffer();
    std::vector<int> served;
    auto held = pool.try_next(bytes);
    auto first = spawn(take_once, pool, 1, std::ref(served));
    auto second = spawn(take_once, pool, 2, std::ref(served));
    auto third = spawn(take_once, pool, 3, std::ref(served));
    co_await yield();
    second.abort();
    held.reset();
    co_await std::move(third);
    EXPECT_EQ(served, (std::vector{1, 3}));
    first.abort();
  });
}

TEST(next, a_buffer_granted_to_an_aborted_waiter_goes_to_the_next_one) {
  run([]() -> task<> {
    const auto pool = one_buffer();
    std::vector<int> served;
    auto held = pool.try_next(bytes);
    auto first = spawn(take_once, pool, 1, std::ref(served));
    auto second = spawn(take_once, pool, 2, std::ref(served));
    co_await yield();
    held.reset();   // granted to the first
    first.abort();  // before it has seen it
    EXPECT_FALSE(pool.try_next(bytes));
    co_await std::move(second);
    EXPECT_EQ(served, std::vector{2});
    EXPECT_TRUE(pool.try_next(bytes));
  });
}

TEST(next, a_buffer_granted_to_the_last_waiter_is_free_when_that_is_aborted) {
  run([]() -> task<> {
    const auto pool = one_buffer();
    std::vector<int> served;
    auto held = pool.try_next(bytes);
    auto only = spawn(take_once, pool, 1, std::ref(served));
    co_await yield();
    held.reset();
    only.abort();
    EXPECT_TRUE(served.empty());
    EXPECT_TRUE(pool.try_next(bytes));
    co_return;
  });
}

TEST(next, a_capacity_that_the_pool_does_not_have_is_refused_at_once) {
  run([]() -> task<> {
    const auto pool = one_buffer();
    const fixed_buf held = lease_of(pool);
    for (const std::size_t other : {std::size_t{0}, bytes - 1, bytes + 1}) {
      const auto refused = co_await pool.next(other);
      EXPECT_EQ(error_of(refused), errc::no_such_capacity);
    }
  });
}

TEST(next, closing_the_pool_tells_its_waiters) {
  run([]() -> task<> {
    auto pool = one_buffer();
    const fixed_buf_pool other = pool;
    auto held = pool.try_next(bytes);
    auto first = spawn(error_while_waiting, pool);
    auto second = spawn(error_while_waiting, pool);
    co_await yield();
    auto closing = spawn(std::move(pool).close());
    const std::error_code one = co_await std::move(first);
    const std::error_code two = co_await std::move(second);
    EXPECT_EQ(one, errc::pool_closed);
    EXPECT_EQ(two, errc::pool_closed);
    const auto late = co_await other.next(bytes);
    EXPECT_EQ(error_of(late), errc::pool_closed);
    held.reset();
    const auto closed = co_await std::move(closing);
    EXPECT_TRUE(closed);
    EXPECT_FALSE(other.try_next(bytes));
  });
}

}  // namespace
}  // namespace carousel
