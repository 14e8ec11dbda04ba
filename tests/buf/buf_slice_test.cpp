#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "support/bytes.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"

// A slice owns its buffer and shows the operation a part of it.

namespace carousel {
namespace {

using test::bytes_of;
using test::pipe_pair;
using test::run;
using test::text_of;

constexpr std::size_t bytes = 64;

fixed_buf ten_digits() {
  const auto pool = fixed_buf_pool::make({{bytes, 1}}).value();
  fixed_buf buf = std::move(*pool.try_next(bytes));
  buf.append(bytes_of("0123456789"));
  return buf;
}

TEST(buf_slice, shows_the_valid_bytes_of_its_part) {
  const auto middle = ten_digits().slice(2, 5);
  EXPECT_EQ(text_of(middle.bytes()), "234");
  EXPECT_EQ(middle.size(), 3U);
  EXPECT_EQ(middle.capacity(), 3U);
  const auto beyond = ten_digits().slice(8, 20);
  EXPECT_EQ(text_of(beyond.bytes()), "89");
  EXPECT_EQ(beyond.capacity(), 12U);
  const auto rest = ten_digits().slice(10);
  EXPECT_EQ(rest.size(), 0U);
  EXPECT_EQ(rest.end_offset(), bytes);
}

TEST(buf_slice, gives_the_buffer_back_as_it_was) {
  auto part = ten_digits().slice(2, 5);
  const fixed_buf whole = std::move(part).into_inner();
  EXPECT_EQ(text_of(whole.bytes()), "0123456789");
}

TEST(buf_slice, of_a_vector_gives_the_vector_back) {
  auto part = slice(std::vector<char>{'a', 'b', 'c'}, 1, 2);
  EXPECT_EQ(text_of(part.bytes()), "b");
  const std::vector<char> whole = std::move(part).into_inner();
  EXPECT_EQ(whole.size(), 3U);
}

TEST(buf_slice, a_read_fills_from_its_begin_and_not_beyond_its_end) {
  const pipe_pair pipe;
  pipe.put("ABCDEF");
  run([&]() -> task<> {
    const auto pool = fixed_buf_pool::make({{bytes, 1}}).value();
    EXPECT_TRUE(pool.register_buffers());
    fixed_buf buf = std::move(*pool.try_next(bytes));
    buf.append(bytes_of("0123456789"));
    auto part = std::move(buf).slice(2, 6);
    auto r = co_await pipe.reader().read_fixed(std::move(part));
    EXPECT_EQ(r.res.value_or(0), 4U);
    const fixed_buf whole = std::move(r.buf).into_inner();
    EXPECT_EQ(text_of(whole.bytes()), "01ABCD");
    EXPECT_EQ(pipe.take(), "EF");
  });
}

TEST(buf_slice, a_write_sends_its_valid_bytes) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    const auto pool = fixed_buf_pool::make({{bytes, 1}}).value();
    EXPECT_TRUE(pool.register_buffers());
    fixed_buf buf = std::move(*pool.try_next(bytes));
    buf.append(bytes_of("0123456789"));
    auto part = std::move(buf).slice(7, 30);
    auto r = co_await pipe.writer().write_fixed(std::move(part));
    EXPECT_EQ(r.res.value_or(0), 3U);
    EXPECT_EQ(pipe.take(), "789");
    const fixed_buf whole = std::move(r.buf).into_inner();
    EXPECT_EQ(text_of(whole.bytes()), "0123456789");
  });
}

TEST(buf_slice_death, bounds_are_named) {
  EXPECT_DEATH((void)ten_digits().slice(11), "a slice begins inside the valid bytes");
  EXPECT_DEATH((void)ten_digits().slice(5, 4), "a slice ends after it begins");
  EXPECT_DEATH((void)ten_digits().slice(0, bytes + 1), "a slice ends inside the buffer");
}

}  // namespace
}  // namespace carousel
