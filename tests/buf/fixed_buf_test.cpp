#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/bytes.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"

// What a lease promises about its fill, its views and its end.

namespace carousel {
namespace {

using test::bytes_of;
using test::pipe_pair;
using test::run;
using test::text_of;

constexpr std::size_t bytes = 64;

fixed_buf_pool one_buffer() { return fixed_buf_pool::make({{bytes, 1}}).value(); }
fixed_buf lease_of(const fixed_buf_pool& pool) { return std::move(*pool.try_next(bytes)); }

static_assert(!std::is_copy_constructible_v<fixed_buf>);
static_assert(!std::is_copy_assignable_v<fixed_buf>);
static_assert(std::is_nothrow_move_constructible_v<fixed_buf>);
static_assert(std::is_nothrow_move_assignable_v<fixed_buf>);
static_assert(!std::is_default_constructible_v<fixed_buf>);

TEST(fixed_buf, a_new_lease_is_empty_whatever_others_left_behind) {
  const auto pool = one_buffer();
  {
    fixed_buf first = lease_of(pool);
    first.append(bytes_of("what others wrote"));
  }
  fixed_buf second = lease_of(pool);
  EXPECT_EQ(second.size(), 0U);
  EXPECT_TRUE(second.bytes().empty());
  EXPECT_EQ(second.spare().size(), bytes);
}

TEST(fixed_buf, the_high_water_mark_survives_check_in) {
  const auto pool = one_buffer();
  {
    fixed_buf first = lease_of(pool);
    EXPECT_EQ(first.initialized(), 0U);
    first.resize(40);
    first.clear();
    EXPECT_EQ(first.initialized(), 40U);
  }
  fixed_buf second = lease_of(pool);
  EXPECT_EQ(second.initialized(), 40U);
  second.append(bytes_of("short"));
  EXPECT_EQ(second.initialized(), 40U);
  second.resize(41);
  EXPECT_EQ(second.initialized(), 41U);
}

TEST(fixed_buf, commit_makes_spare_bytes_valid) {
  const auto pool = one_buffer();
  fixed_buf buf = lease_of(pool);
  std::ranges::fill(buf.spare().first(3), std::byte{'a'});
  buf.commit(3);
  EXPECT_EQ(text_of(buf.bytes()), "aaa");
  std::ranges::fill(buf.spare().first(2), std::byte{'b'});
  buf.commit(2);
  buf.commit(0);
  EXPECT_EQ(text_of(buf.bytes()), "aaabb");
  EXPECT_EQ(buf.spare().size(), bytes - 5);
  EXPECT_EQ(buf.spare().data(), buf.bytes().data() + 5);
}

TEST(fixed_buf, append_goes_up_to_the_capacity) {
  const auto pool = one_buffer();
  fixed_buf buf = lease_of(pool);
  const std::string half(bytes / 2, 'h');
  buf.append(bytes_of(half));
  buf.append({});
  buf.append(bytes_of(half));
  EXPECT_EQ(text_of(buf.bytes()), half + half);
  EXPECT_TRUE(buf.spare().empty());
  buf.append({});
  EXPECT_EQ(buf.size(), bytes);
}

TEST(fixed_buf, growing_fills_with_zeroes_and_not_with_old_bytes) {
  const auto pool = one_buffer();
  fixed_buf buf = lease_of(pool);
  buf.append(bytes_of("0123456789"));
  buf.resize(4);
  EXPECT_EQ(text_of(buf.bytes()), "0123");
  buf.resize(bytes);
  std::string wanted = "0123";
  wanted.resize(bytes, '\0');
  EXPECT_EQ(text_of(buf.bytes()), wanted);
}

TEST(fixed_buf, clear_keeps_the_capacity) {
  const auto pool = one_buffer();
  fixed_buf buf = lease_of(pool);
  buf.append(bytes_of("something"));
  buf.clear();
  EXPECT_EQ(buf.size(), 0U);
  EXPECT_EQ(buf.capacity(), bytes);
  EXPECT_EQ(buf.spare().size(), bytes);
}

TEST(fixed_buf, a_read_sets_the_fill_to_what_came_and_a_write_sends_the_fill) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    const auto pool = one_buffer();
    EXPECT_TRUE(pool.register_buffers());
    fixed_buf buf = lease_of(pool);
    buf.append(bytes_of("a long line of old bytes"));
    pipe.put("new");
    auto got = co_await pipe.reader().read_fixed(std::move(buf));
    EXPECT_EQ(got.res.value_or(0), 3U);
    EXPECT_EQ(text_of(got.buf.bytes()), "new");
    auto sent = co_await pipe.writer().write_fixed(std::move(got.buf));
    EXPECT_EQ(sent.res.value_or(0), 3U);
    EXPECT_EQ(pipe.take(), "new");
  });
}

TEST(fixed_buf, moving_passes_the_buffer_on) {
  const auto pool = one_buffer();
  fixed_buf first = lease_of(pool);
  first.append(bytes_of("content"));
  const std::byte* where = first.bytes().data();
  const fixed_buf second = std::move(first);
  EXPECT_EQ(second.bytes().data(), where);
  EXPECT_EQ(text_of(second.bytes()), "content");
  EXPECT_FALSE(pool.try_next(bytes));
}

TEST(fixed_buf, move_assignment_checks_the_old_buffer_in) {
  const auto pool = fixed_buf_pool::make({{bytes, 2}}).value();
  fixed_buf first = lease_of(pool);
  fixed_buf second = lease_of(pool);
  const auto freed = first.index();
  const auto kept = second.index();
  first = std::move(second);
  EXPECT_EQ(first.index(), kept);
  auto again = pool.try_next(bytes);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->index(), freed);
  EXPECT_FALSE(pool.try_next(bytes));
}

TEST(fixed_buf, assigning_a_lease_to_itself_changes_nothing) {
  const auto pool = one_buffer();
  fixed_buf buf = lease_of(pool);
  buf.append(bytes_of("content"));
  fixed_buf& same = buf;
  buf = std::move(same);
  EXPECT_EQ(text_of(buf.bytes()), "content");
  EXPECT_FALSE(pool.try_next(bytes));
}

TEST(fixed_buf_death, a_moved_from_lease_says_where_the_buffer_is) {
  const auto pool = one_buffer();
  fixed_buf buf = lease_of(pool);
  const fixed_buf other = std::move(buf);
  // NOLINTBEGIN(bugprone-use-after-move): the fact under test
  EXPECT_DEATH((void)buf.size(), "this fixed_buf was moved from: its buffer is somewhere else");
  EXPECT_DEATH((void)buf.index(), "this fixed_buf was moved from");
  EXPECT_DEATH(buf.clear(), "this fixed_buf was moved from");
  EXPECT_DEATH((void)std::move(buf).slice(0), "this fixed_buf was moved from");
  // NOLINTEND(bugprone-use-after-move)
}

TEST(fixed_buf_death, filling_beyond_the_capacity_says_so) {
  const auto pool = one_buffer();
  fixed_buf buf = lease_of(pool);
  buf.append(bytes_of("x"));
  const std::vector<std::byte> too_many(bytes);
  EXPECT_DEATH(buf.append(too_many), "append\\(\\) does not go beyond capacity\\(\\)");
  EXPECT_DEATH(buf.commit(bytes), "commit\\(\\) takes at most the bytes of spare\\(\\)");
  EXPECT_DEATH(buf.resize(bytes + 1), "resize\\(\\) goes up to capacity\\(\\): 65 is more than 64");
}

}  // namespace
}  // namespace carousel
