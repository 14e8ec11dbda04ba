#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <cstddef>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

// A group has buffers of a pool to itself, and the pool has them again when it goes.

namespace carousel {
namespace {

constexpr std::size_t bytes = 64;

fixed_buf_pool pool_of(std::size_t count) {
  return fixed_buf_pool::make({{.capacity = bytes, .count = count}}).value();
}

TEST(buf_group, has_its_buffers_to_itself) {
  const fixed_buf_pool pool = pool_of(3);
  {
    const buf_group group = pool.group(bytes, 2).value();
    EXPECT_EQ(group.capacity(), bytes);
    EXPECT_EQ(group.count(), 2U);
    EXPECT_EQ(pool.lent(), 2U);
    const auto last = pool.try_next(bytes);
    EXPECT_TRUE(last);
    EXPECT_FALSE(pool.try_next(bytes));
  }
  EXPECT_EQ(pool.lent(), 0U);
  std::vector<std::optional<fixed_buf>> all;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(all.emplace_back(pool.try_next(bytes)));
}

TEST(buf_group, lives_as_long_as_one_of_its_handles) {
  const fixed_buf_pool pool = pool_of(1);
  std::optional group = pool.group(bytes, 1).value();
  std::optional copy = group;
  group.reset();
  EXPECT_EQ(pool.lent(), 1U);
  copy.reset();
  EXPECT_TRUE(pool.try_next(bytes));
}

TEST(buf_group, gets_what_it_misses_as_leases_come_back) {
  const fixed_buf_pool pool = pool_of(3);
  std::optional a = pool.try_next(bytes);
  std::optional b = pool.try_next(bytes);
  const buf_group group = pool.group(bytes, 2).value();
  EXPECT_EQ(pool.lent(), 1U);
  a.reset();
  EXPECT_EQ(pool.lent(), 2U);
  b.reset();
  EXPECT_EQ(pool.lent(), 2U);
  EXPECT_TRUE(pool.try_next(bytes));
}

TEST(buf_group, outlives_the_handles_of_its_pool) {
  std::optional pool = pool_of(2);
  const buf_group group = pool->group(bytes, 2).value();
  pool.reset();
  EXPECT_EQ(group.count(), 2U);
}

TEST(buf_group, is_refused_by_name) {
  const fixed_buf_pool pool = pool_of(2);
  EXPECT_EQ(pool.group(bytes + 1, 1).error(), errc::no_such_capacity);
  EXPECT_EQ(pool.group(bytes, 3).error(), std::errc::invalid_argument);
  EXPECT_EQ(pool.group(bytes, 0).error(), std::errc::invalid_argument);
}

TEST(buf_group, of_a_closed_pool_is_refused_and_one_that_was_there_lets_it_end) {
  start([]() -> task<> {
    fixed_buf_pool pool = pool_of(2);
    const fixed_buf_pool other = pool;
    const buf_group group = pool.group(bytes, 1).value();
    const auto closed = co_await std::move(pool).close();
    EXPECT_TRUE(closed);
    EXPECT_EQ(other.lent(), 0U);
    EXPECT_EQ(other.group(bytes, 1).error(), errc::pool_closed);
  });
}

}  // namespace
}  // namespace carousel
