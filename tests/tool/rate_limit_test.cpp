#include "copy/rate_limit.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace {

using carousel::tool::rate_limit;
using std::chrono::seconds;
using time_point = rate_limit::clock::time_point;

constexpr time_point start{seconds(1000)};

TEST(rate_limit, what_is_asked_for_passes_at_the_rate) {
  rate_limit limit(100);
  EXPECT_EQ(limit.admit(100, start), start + seconds(1));
  EXPECT_EQ(limit.admit(200, start), start + seconds(3));
  EXPECT_EQ(limit.admit(100, start + seconds(2)), start + seconds(4));
}

TEST(rate_limit, a_pause_is_not_made_up_for) {
  rate_limit limit(100);
  (void)limit.admit(100, start);
  EXPECT_EQ(limit.admit(100, start + seconds(60)), start + seconds(61));
}

TEST(rate_limit, the_largest_amount_at_the_lowest_rate_does_not_wrap) {
  rate_limit limit(1);
  EXPECT_GT(limit.admit(std::uint64_t{1} << 31U, start), start + seconds(std::int64_t{1} << 30U));
}

TEST(rate_limit, several_threads_share_it) {
  rate_limit limit(1000);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 250; ++j) (void)limit.admit(1, start);
    });
  threads.clear();
  EXPECT_EQ(limit.admit(1000, start), start + seconds(2));
}

TEST(rate_limit, none_limits_nothing) {
  rate_limit limit(0);
  EXPECT_FALSE(limit.limits());
  EXPECT_EQ(limit.admit(1U << 30U, start), start);
  EXPECT_EQ(limit.portion(1U << 20U, 4096), 1U << 20U);
}

TEST(rate_limit, portions_are_small_where_bytes_are_few) {
  EXPECT_EQ(rate_limit(1U << 20U).portion(1U << 20U, 4096), 1U << 17U);
  EXPECT_EQ(rate_limit(1).portion(1U << 20U, 4096), 4096U);
  EXPECT_EQ(rate_limit(1U << 30U).portion(1U << 20U, 4096), 1U << 20U);
  EXPECT_EQ(rate_limit(100'000).portion(1U << 20U, 4096) % 4096, 0U);
}

}  // namespace
