#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <string>
#include <vector>

#include "support/content.hpp"
#include "support/open_both.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

// readv and writev: several buffers in one operation.

namespace carousel {
namespace {

using test::chars_of;
using test::content_of;
using test::error_of;
using test::owned;
using test::run;
using test::temp_dir;
using test::text_of;

/// "0000", "0001", ...: every third one is empty.
std::vector<std::vector<char>> numbered(std::size_t count) {
  std::vector<std::vector<char>> all;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string digits = std::to_string(10'000 + i).substr(1);
    all.push_back(i % 3 == 2 ? std::vector<char>() : chars_of(digits));
  }
  return all;
}

std::string joined(const std::vector<std::vector<char>>& parts) {
  std::string text;
  for (const auto& part : parts) text.append(part.begin(), part.end());
  return text;
}

TEST(vector_io, a_read_fills_the_buffers_in_turn_and_sets_their_sizes) {
  const temp_dir dir;
  run([&]() -> task<> {
    const file f = co_await test::open_both(dir.make("f", "0123456789"));
    std::vector<owned_bytes> buffers;
    for (const std::size_t capacity : {3U, 0U, 5U, 4U, 2U}) buffers.push_back(owned("", capacity));
    const auto [res, back] = co_await f.readv_at(std::move(buffers), 1);
    EXPECT_EQ(res, 9U);
    EXPECT_EQ(back.size(), 5U);
    std::vector<std::string> texts;
    for (const owned_bytes& b : back) texts.push_back(text_of(b.bytes()));
    const std::vector<std::string> expected = {"123", "", "45678", "9", ""};
    EXPECT_EQ(texts, expected);
  });
}

TEST(vector_io, a_write_sends_the_valid_bytes_in_turn) {
  const temp_dir dir;
  const auto path = dir.make("f", "..");
  run([&]() -> task<> {
    const file f = co_await test::open_both(path);
    std::vector<owned_bytes> buffers;
    for (const char* text : {"abc", "", "d", "ef"}) buffers.push_back(owned(text, 16));
    const auto [res, back] = co_await f.writev_at(std::move(buffers), 2);
    EXPECT_EQ(res, 6U);
    EXPECT_EQ(back.size(), 4U);
  });
  EXPECT_EQ(content_of(path), "..abcdef");
}

TEST(vector_io, slices_take_part) {
  const temp_dir dir;
  const auto path = dir.make("f", "");
  run([&]() -> task<> {
    const file f = co_await test::open_both(path);
    std::vector<buf_slice<std::vector<char>>> slices;
    slices.push_back(slice(chars_of("abcdef"), 1, 3));
    slices.push_back(slice(chars_of("abcdef"), 4));
    const auto written = co_await f.writev_all_at(std::move(slices), 0);
    EXPECT_EQ(error_of(written.res), std::error_code{});
  });
  EXPECT_EQ(content_of(path), "bcef");
}

TEST(vector_io, one_operation_takes_part_in_1024_buffers_that_have_something_to_do) {
  const temp_dir dir;
  const auto path = dir.make("f", "");
  const std::string whole = joined(numbered(3000));
  run([&]() -> task<> {
    const file f = co_await test::open_both(path);
    const auto written = co_await f.writev_at(numbered(3000), 0);
    EXPECT_EQ(written.res, 4U * 1024U);
    EXPECT_EQ(written.buf.size(), 3000U);
  });
  EXPECT_EQ(content_of(path), whole.substr(0, 4096));
}

TEST(vector_io, a_read_into_more_than_1024_buffers_leaves_the_rest_empty) {
  const temp_dir dir;
  run([&]() -> task<> {
    const file f = co_await test::open_both(dir.make("f", std::string(4000, 'x')));
    std::vector<owned_bytes> buffers;
    for (int i = 0; i < 1500; ++i) buffers.push_back(owned("o", 2));
    const auto [res, back] = co_await f.readv_at(std::move(buffers), 0);
    EXPECT_EQ(res, 2048U);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < back.size(); ++i) wrong += back[i].size() != (i < 1024 ? 2U : 0U);
    EXPECT_EQ(wrong, 0U);
  });
}

TEST(vector_io, writing_all_goes_on_until_every_buffer_is_through) {
  const temp_dir dir;
  const auto path = dir.make("f", "");
  run([&]() -> task<> {
    const file f = co_await test::open_both(path);
    const auto written = co_await f.writev_all_at(numbered(5000), 3);
    EXPECT_EQ(error_of(written.res), std::error_code{});
    EXPECT_EQ(joined(written.buf), joined(numbered(5000)));
  });
  EXPECT_EQ(content_of(path), std::string(3, '\0') + joined(numbered(5000)));
}

TEST(vector_io, without_a_byte_to_move_succeeds) {
  const temp_dir dir;
  const auto path = dir.make("f", "text");
  run([&]() -> task<> {
    const file f = co_await test::open_both(path);
    const auto none = co_await f.readv_at(std::vector<owned_bytes>(), 0);
    EXPECT_EQ(none.res, 0U);
    const auto empty = co_await f.writev_at(std::vector<std::vector<char>>(2000), 0);
    EXPECT_EQ(empty.res, 0U);
    EXPECT_EQ(empty.buf.size(), 2000U);
    const auto all = co_await f.writev_all_at(std::vector<std::vector<char>>(3), 0);
    EXPECT_EQ(error_of(all.res), std::error_code{});
  });
  EXPECT_EQ(content_of(path), "text");
}

TEST(vector_io, a_failure_gives_the_buffers_back_as_they_were) {
  const temp_dir dir;
  run([&]() -> task<> {
    const auto opened = co_await file::open(dir.make("f", "text"));
    const file& reader = opened.value();
    const auto denied = co_await reader.writev_at(numbered(10), 0);
    EXPECT_EQ(error_of(denied.res), std::errc::bad_file_descriptor);
    EXPECT_EQ(joined(denied.buf), joined(numbered(10)));
    const auto denied_all = co_await reader.writev_all_at(numbered(10), 0);
    EXPECT_EQ(error_of(denied_all.res), std::errc::bad_file_descriptor);
    EXPECT_EQ(joined(denied_all.buf), joined(numbered(10)));
    std::vector<owned_bytes> buffers;
    buffers.push_back(owned("old", 8));
    const auto beyond = co_await reader.readv_at(std::move(buffers), ~0ULL);
    EXPECT_EQ(error_of(beyond.res), std::errc::invalid_argument);
    EXPECT_EQ(text_of(beyond.buf.at(0).bytes()), "old");
  });
}

}  // namespace
}  // namespace carousel
