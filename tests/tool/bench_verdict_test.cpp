#include "bench/verdict.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "bench/comparison.hpp"

namespace carousel::tool::bench {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr std::size_t kib = 1024;
constexpr variant plain_small{verb::plain, pages::small};
constexpr variant fixed_small{verb::fixed, pages::small};
constexpr variant plain_huge{verb::plain, pages::huge};
constexpr variant fixed_huge{verb::fixed, pages::huge};

claim about(std::size_t block_bytes, unsigned depth, spread ratio, metric of = metric::cpu,
            question asked = question::registration) {
  return {block_bytes, depth, asked, of, fixed_small, plain_small, ratio, judge(ratio)};
}
/// With bounds of 2 % on both sides.
spread around(double ratio) { return {ratio - 0.02, ratio, ratio + 0.02}; }

std::string said(std::vector<claim> claims) {
  const auto paragraphs = verdict(claims);
  EXPECT_THAT(paragraphs, SizeIs(1));
  return paragraphs.empty() ? std::string() : paragraphs.front();
}

TEST(bench_finding, a_difference_is_found_only_outside_the_noise_and_from_3_percent) {
  EXPECT_EQ(judge({0.80, 0.82, 0.84}), finding::less);
  EXPECT_EQ(judge({1.02, 1.04, 1.06}), finding::more);
  EXPECT_EQ(judge({0.97, 0.98, 0.99}), finding::slight);
  EXPECT_EQ(judge({0.99, 1.00, 1.01}), finding::none);
  EXPECT_EQ(judge({0.90, 0.94, 1.00}), finding::none);
  EXPECT_EQ(judge({0.60, 0.80, 1.01}), finding::unclear);
}

TEST(bench_verdict,
     what_registration_saves_is_said_where_it_does_and_nothing_is_where_it_does_not) {
  EXPECT_EQ(said({about(4 * kib, 1, {0.98, 1.00, 1.02}), about(64 * kib, 1, around(0.82))}),
            "Registration saves 18 % CPU per 64 KiB read here, and nothing that can be told from "
            "noise at 4 KiB (±2 %).");
}

TEST(bench_verdict, where_registration_does_not_help_it_says_so) {
  EXPECT_EQ(said({about(4 * kib, 1, {0.98, 0.995, 1.005}), about(64 * kib, 1, {0.97, 1.0, 1.03}),
                  about(4 * kib, 1, {0.98, 1.0, 1.01}, metric::rate),
                  about(64 * kib, 1, {0.96, 1.0, 1.03}, metric::rate)}),
            "Registration saves no CPU here that can be told from noise at 4 KiB (±2 %) and 64 KiB "
            "(±3 %). It makes no difference to the rate that can be told from noise (up to ±4 %).");
}

TEST(bench_verdict, where_registration_hurts_it_says_so) {
  EXPECT_EQ(
      said({about(4 * kib, 1, around(1.07)), about(4 * kib, 1, around(0.9), metric::rate)}),
      "Registration costs 7 % more CPU per 4 KiB read here. It makes 4 KiB reads 10 % slower.");
}

TEST(bench_verdict, an_effect_that_is_too_small_to_matter_is_no_saving) {
  EXPECT_EQ(said({about(4 * kib, 1, {0.97, 0.98, 0.99})}),
            "Registration changes the CPU per read by less than 3 % at 4 KiB.");
}

TEST(bench_verdict, noise_is_not_taken_for_sameness) {
  EXPECT_EQ(said({about(4 * kib, 1, {0.6, 0.8, 1.2})}),
            "Registration may save CPU here or cost it: noise hides that at 4 KiB (±40 %).");
  EXPECT_EQ(said({about(4 * kib, 1, {0.6, 0.8, 1.2}), about(64 * kib, 1, around(0.5))}),
            "Registration saves 50 % CPU per 64 KiB read here; noise hides what it may do at 4 KiB "
            "(±40 %).");
}

TEST(bench_verdict, depths_that_agree_are_one_and_others_are_named) {
  EXPECT_EQ(said({about(4 * kib, 1, around(0.9)), about(4 * kib, 32, around(0.8)),
                  about(64 * kib, 1, {0.99, 1, 1.01}), about(64 * kib, 32, around(0.7))}),
            "Registration saves 10 to 20 % CPU per 4 KiB read and 30 % per 64 KiB read at depth 32 "
            "here, and nothing that can be told from noise at 64 KiB at depth 1 (±1 %).");
}

TEST(bench_verdict, each_question_has_its_paragraph) {
  const auto paragraphs =
      verdict(std::vector{about(4 * kib, 1, around(1)),
                          about(4 * kib, 1, around(0.9), metric::cpu, question::huge_pages),
                          about(4 * kib, 1, around(2.5), metric::rate, question::huge_pages)});
  EXPECT_THAT(
      paragraphs,
      ElementsAre("Registration saves no CPU here that can be told from noise at 4 KiB (±2 %).",
                  "Reading into huge pages instead of 4 KiB ones, by fixed reads, saves 10 % "
                  "CPU per 4 KiB read here. It makes 4 KiB reads 2.5 times as fast."));
}

TEST(bench_verdict, without_fixed_reads_nothing_is_said_of_registration) {
  const auto paragraphs =
      verdict(std::vector{about(4 * kib, 1, around(0.9), metric::cpu, question::huge_pages)});
  ASSERT_THAT(paragraphs, SizeIs(2));
  EXPECT_EQ(paragraphs[0], "Of registration nothing can be said: there were no fixed reads.");
  EXPECT_EQ(verdict({}).size(), 1U);
}

TEST(bench_verdict, too_few_rounds_say_nothing_but_how_many_would) {
  const spread unbounded{0, 0.5, std::numeric_limits<double>::infinity()};
  EXPECT_THAT(said({about(4 * kib, 1, unbounded), about(64 * kib, 1, around(0.5))}),
              AllOf(HasSubstr("--rounds 7 would"), Not(HasSubstr("saves"))));
}

/// A series whose slices of one second read `reads` times for `cpu_us` each.
series steady(variant who, double cpu_us, std::uint64_t reads, std::size_t rounds) {
  series s{.who = who, .rounds = {}, .latency = {}};
  for (std::size_t i = 0; i < rounds; ++i)
    s.rounds.push_back({1, cpu_us * static_cast<double>(reads) / 1e6, reads});
  return s;
}

cell cell_of(std::vector<series> variants) {
  cell made;
  made.block_bytes = 4096;
  made.depth = 1;
  made.variants = std::move(variants);
  return made;
}

TEST(bench_comparison, pairs_the_variants_that_differ_in_one_thing) {
  const auto claims =
      compare({cell_of({steady(plain_small, 10, 100, 15), steady(fixed_small, 8, 100, 15),
                        steady(plain_huge, 5, 200, 15), steady(fixed_huge, 4, 300, 15)})});
  ASSERT_THAT(claims, SizeIs(6));
  const auto ratio = [&](std::size_t i) { return claims[i].ratio.median; };
  EXPECT_DOUBLE_EQ(ratio(0), 0.8);  // registration, CPU
  EXPECT_DOUBLE_EQ(ratio(1), 1);    // and rate
  EXPECT_DOUBLE_EQ(ratio(2), 0.8);  // on huge pages
  EXPECT_DOUBLE_EQ(ratio(3), 1.5);
  EXPECT_DOUBLE_EQ(ratio(4), 0.5);  // huge pages, fixed reads
  EXPECT_DOUBLE_EQ(ratio(5), 3);
  EXPECT_EQ(claims[4].what, fixed_huge);
  EXPECT_EQ(claims[4].with, fixed_small);
}

TEST(bench_comparison, huge_pages_are_judged_by_plain_reads_where_there_are_no_others) {
  const auto claims =
      compare({cell_of({steady(plain_small, 10, 100, 15), steady(plain_huge, 5, 200, 15)})});
  ASSERT_THAT(claims, SizeIs(2));
  EXPECT_EQ(claims[0].about, question::huge_pages);
  EXPECT_EQ(claims[0].what, plain_huge);
}

TEST(bench_comparison, huge_pages_are_judged_by_the_same_reads_in_all_cells) {
  const cell plain_only =
      cell_of({steady(plain_small, 10, 100, 15), steady(plain_huge, 5, 200, 15)});
  const cell full = cell_of({steady(plain_small, 10, 100, 15), steady(fixed_small, 8, 100, 15),
                             steady(plain_huge, 5, 200, 15), steady(fixed_huge, 4, 300, 15)});
  for (const claim& c : compare({full, plain_only})) {
    if (c.about != question::huge_pages) continue;
    EXPECT_EQ(c.what, plain_huge);
  }
}

TEST(bench_comparison, a_variant_alone_is_compared_with_nothing) {
  EXPECT_THAT(compare({cell_of({steady(plain_small, 10, 100, 15)})}), IsEmpty());
}

TEST(bench_comparison, more_claims_need_more_rounds) {
  std::vector<cell> cells;
  for (int i = 0; i < 8; ++i)
    cells.push_back(cell_of({steady(plain_small, 10, 100, 8), steady(fixed_small, 5, 100, 8)}));
  EXPECT_EQ(compare(cells).front().found, finding::unclear);
  cells.resize(1);
  EXPECT_EQ(compare(cells).front().found, finding::less);
}

}  // namespace
}  // namespace carousel::tool::bench
