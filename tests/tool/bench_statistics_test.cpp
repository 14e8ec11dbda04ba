#include "bench/statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "bench/latency_histogram.hpp"

namespace carousel::tool::bench {
namespace {

TEST(bench_statistics, quartiles_lie_between_values) {
  const spread q = quartiles({5, 1, 4, 2, 3});
  EXPECT_DOUBLE_EQ(q.low, 2);
  EXPECT_DOUBLE_EQ(q.median, 3);
  EXPECT_DOUBLE_EQ(q.high, 4);
  EXPECT_DOUBLE_EQ(quartiles({1, 2}).median, 1.5);
  EXPECT_DOUBLE_EQ(quartiles({7}).low, 7);
}

TEST(bench_statistics, a_ratio_is_of_pairs_and_not_of_medians) {
  // Both drift by a factor of a hundred, and one is always twice the other.
  const std::vector<double> b = {1, 2, 4, 8, 16, 32, 64, 100};
  std::vector<double> a = b;
  for (double& x : a) x *= 2;
  const spread r = paired_ratio(a, b, 0.05);
  EXPECT_DOUBLE_EQ(r.low, 2);
  EXPECT_DOUBLE_EQ(r.median, 2);
  EXPECT_DOUBLE_EQ(r.high, 2);
}

TEST(bench_statistics, bounds_are_those_of_the_sign_test) {
  std::vector<double> a(12);
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = static_cast<double>(i + 1);
  const std::vector<double> ones(a.size(), 1);
  // Of 12 coins: at most 2 on one side 3.9 %, at most 1 0.63 %, at most 0 0.05 %.
  EXPECT_DOUBLE_EQ(paired_ratio(a, ones, 0.05).low, 3);
  EXPECT_DOUBLE_EQ(paired_ratio(a, ones, 0.05).high, 10);
  EXPECT_DOUBLE_EQ(paired_ratio(a, ones, 0.03).low, 2);
  EXPECT_DOUBLE_EQ(paired_ratio(a, ones, 0.001).low, 1);
  EXPECT_DOUBLE_EQ(paired_ratio(a, ones, 0.001).high, 12);
}

TEST(bench_statistics, too_few_pairs_have_no_bounds) {
  const std::vector<double> a(5, 2);
  const std::vector<double> b(5, 1);
  const spread r = paired_ratio(a, b, 0.05);
  EXPECT_DOUBLE_EQ(r.low, 0);
  EXPECT_TRUE(std::isinf(r.high));
  EXPECT_EQ(pairs_needed(0.05), 6U);
}

TEST(bench_statistics, noise_is_rarely_taken_for_a_difference) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> noise(0, 0.3);
  int mistakes = 0;
  constexpr int tries = 2000;
  for (int i = 0; i < tries; ++i) {
    std::vector<double> a(31);
    std::vector<double> b(31);
    for (double& x : a) x = noise(random);
    for (double& x : b) x = noise(random);
    const spread r = paired_ratio(a, b, 0.05);
    if (r.low > 1 || r.high < 1) ++mistakes;
  }
  EXPECT_LE(mistakes, tries / 20);
  EXPECT_GT(mistakes, 0);  // bounds that are never wrong would say nothing
}

TEST(bench_latency, a_percentile_is_at_most_3_percent_above_the_truth) {
  latency_histogram h;
  for (std::uint64_t ns = 1; ns <= 100'000; ++ns) h.add(ns);
  for (const double part : {0.001, 0.01, 0.5, 0.9, 0.99, 0.999}) {
    const auto found = static_cast<double>(h.percentile_ns(part));
    EXPECT_GE(found, part * 100'000) << part;
    EXPECT_LE(found, part * 100'000 * 1.0313) << part;
  }
  EXPECT_EQ(h.percentile_ns(1), 100'000U);
  EXPECT_EQ(h.max_ns(), 100'000U);
  EXPECT_EQ(h.count(), 100'000U);
}

TEST(bench_latency, the_longest_time_that_there_is_has_a_bucket) {
  latency_histogram h;
  EXPECT_EQ(h.percentile_ns(0.5), 0U);
  h.add(UINT64_MAX);
  EXPECT_EQ(h.percentile_ns(0.5), UINT64_MAX);
}

TEST(bench_latency, rounds_add_up) {
  latency_histogram one;
  latency_histogram other;
  one.add(10);
  other.add(20);
  other.add(2000);
  one.add(other);
  EXPECT_EQ(one.count(), 3U);
  EXPECT_EQ(one.percentile_ns(0.5), 20U);
  EXPECT_EQ(one.max_ns(), 2000U);
}

}  // namespace
}  // namespace carousel::tool::bench
