#include "copy/pieces.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

// How a file is cut for lanes that work at once.

namespace carousel::tool {
namespace {

constexpr std::uint64_t offset_end = std::uint64_t{1} << 63U;

std::vector<extent> all_of(pieces plan) {
  std::vector<extent> found;
  while (const auto piece = plan.next()) found.push_back(*piece);
  return found;
}

/// Extents that begin and end at multiples of a block, some of them next to each other; the last
/// may end inside a block.
std::vector<extent> random_extents(std::mt19937_64& random, std::uint64_t block) {
  std::vector<extent> made;
  std::uint64_t at = 0;
  const std::uint64_t count = random() % 40;
  for (std::uint64_t i = 0; i < count; ++i) {
    at += block * (random() % 4 == 0 ? random() % 500 : random() % 6);
    const std::uint64_t end = at + block * (random() % 3 == 0 ? random() % 300 : random() % 4);
    made.push_back({at, end});
    at = end;
  }
  if (!made.empty() && made.back().end - made.back().begin > block && random() % 2 == 0)
    made.back().end -= random() % block;
  return made;
}

/// What must hold of every plan; empty, or what does not.
std::string fault_of(const std::vector<extent>& extents, const std::vector<extent>& plan,
                     std::uint64_t grain, std::uint64_t piece_bytes) {
  std::uint64_t before = 0;
  for (const extent& p : plan) {
    if (p.begin < before) return "a byte is in two pieces";
    if (p.begin >= p.end) return "a piece is empty";
    if (p.end - p.begin > piece_bytes) return "a piece is too long";
    if (p.begin % grain != 0 || p.end % grain != 0) return "a piece is no multiple of the grain";
    before = p.end;
  }
  std::size_t at = 0;
  for (const extent& e : extents) {
    for (std::uint64_t covered = e.begin; covered < e.end; covered = plan[at].end) {
      while (at < plan.size() && plan[at].end <= covered) ++at;
      if (at == plan.size() || plan[at].begin > covered) return "data is in no piece";
    }
  }
  for (const extent& p : plan) {
    for (std::uint64_t g = p.begin; g < p.end; g += grain) {
      bool needed = false;
      for (const extent& e : extents)
        needed = needed || (e.begin < e.end && e.begin < g + grain && g < e.end);
      if (!needed) return "a hole as long as the grain is in a piece";
    }
  }
  return {};
}

TEST(pieces, no_byte_is_in_two_of_them_and_all_data_is_in_one) {
  std::mt19937_64 random(20240607);  // NOLINT(cert-msc51-cpp): the same worlds each time
  constexpr std::array<std::uint64_t, 8> sizes = {512, 1024, 2048, 4096, 8192, 16384, 32768, 65536};
  for (int round = 0; round < 600; ++round) {
    const std::uint64_t block = sizes.at(random() % sizes.size());
    const std::uint64_t grain = random() % 4 == 0 ? 1 : sizes.at(random() % sizes.size());
    const std::uint64_t piece_bytes = (grain == 1 ? 4096 : grain) * (1 + random() % 50);
    const auto extents = random_extents(random, block);
    // A grain of one byte would be looked at byte by byte.
    const auto plan = all_of(pieces(extents, grain, piece_bytes));
    if (grain == 1) {
      std::uint64_t in_extents = 0;
      std::uint64_t in_pieces = 0;
      for (const extent& e : extents) in_extents += e.end - e.begin;
      for (const extent& p : plan) in_pieces += p.end - p.begin;
      ASSERT_EQ(in_extents, in_pieces) << "round " << round;
      continue;
    }
    ASSERT_EQ(fault_of(extents, plan, grain, piece_bytes), "")
        << "round " << round << ", blocks of " << block << ", grain " << grain << ", pieces of "
        << piece_bytes;
  }
}

TEST(pieces, the_gap_between_two_extents_in_one_grain_is_in_the_piece_of_both) {
  const auto plan = all_of(pieces({{0, 1024}, {2048, 3072}}, 4096, 1 << 20));
  ASSERT_EQ(plan.size(), 1U);
  EXPECT_EQ(plan[0].begin, 0U);
  EXPECT_EQ(plan[0].end, 4096U);
}

TEST(pieces, a_hole_stays_out_where_the_grain_allows_it) {
  const auto plan = all_of(pieces({{0, 1024}, {2048, 3072}}, 512, 1 << 20));
  ASSERT_EQ(plan.size(), 2U);
  EXPECT_EQ(plan[0].end, 1024U);
  EXPECT_EQ(plan[1].begin, 2048U);
}

TEST(pieces, a_file_may_end_at_the_last_offset_that_there_is) {
  const auto plan = all_of(pieces({{offset_end - 5000, offset_end - 1}}, 1, 4096));
  ASSERT_EQ(plan.size(), 2U);
  EXPECT_EQ(plan[1].end, offset_end - 1);
  const auto wide = all_of(pieces({{offset_end - 5000, offset_end - 1}}, 4096, 4096));
  ASSERT_EQ(wide.size(), 2U);
  EXPECT_EQ(wide[1].end, offset_end);
}

TEST(pieces, nothing_comes_of_a_file_without_data) {
  EXPECT_TRUE(all_of(pieces({}, 4096, 4096)).empty());
  EXPECT_TRUE(all_of(pieces({{4096, 4096}}, 4096, 4096)).empty());
}

TEST(extents, the_union_of_two_maps_has_what_is_in_either) {
  const auto both = united({{0, 10}, {20, 30}, {50, 60}}, {{5, 20}, {35, 40}, {60, 61}});
  ASSERT_EQ(both.size(), 3U);
  EXPECT_EQ(both[0].end, 30U);
  EXPECT_EQ(both[1].begin, 35U);
  EXPECT_EQ(both[2].begin, 50U);
  EXPECT_EQ(both[2].end, 61U);
}

}  // namespace
}  // namespace carousel::tool
