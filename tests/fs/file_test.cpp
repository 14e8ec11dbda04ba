#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/content.hpp"
#include "support/logged_bytes.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

// Transfers at an offset: what arrives where, and what comes back when they fail.

namespace carousel {
namespace {

/// Counts how often it is moved.
struct moved_bytes {
  explicit moved_bytes(int& counted) noexcept : moves(&counted) {}
  moved_bytes(moved_bytes&& other) noexcept : bytes(std::move(other.bytes)), moves(other.moves) {
    ++*moves;
  }
  moved_bytes& operator=(moved_bytes&& other) noexcept = default;
  ~moved_bytes() = default;

  std::vector<std::byte> bytes = std::vector<std::byte>(10);
  int* moves;
};

}  // namespace

template <>
struct buf_traits<moved_bytes> : buf_traits<std::vector<std::byte>> {
  static std::byte* data(moved_bytes& b) noexcept { return b.bytes.data(); }
  static const std::byte* data(const moved_bytes& b) noexcept { return b.bytes.data(); }
  static std::size_t size(const moved_bytes& b) noexcept { return b.bytes.size(); }
  static std::size_t capacity(const moved_bytes& b) noexcept { return b.bytes.size(); }
  static void set_size(moved_bytes&, std::size_t) noexcept {}
};

namespace {

using test::chars_of;
using test::content_of;
using test::error_of;
using test::owned;
using test::run;
using test::temp_dir;
using test::text_of;

task<file> open_for(std::filesystem::path path, bool reads, bool writes) {
  auto opened = co_await file::open(path, open_options{}.read(reads).write(writes));
  co_return std::move(opened).value();
}

/// Keeps its transfers by the names of their types.
struct kept_transfers {
  read_operation<owned_bytes> read;
  write_operation<owned_bytes> write;
};

TEST(file, transfers_can_be_kept_before_they_are_awaited) {
  const temp_dir dir;
  const auto path = dir.make("f", "0123456789");
  run([&]() -> task<> {
    const file f = co_await open_for(path, true, true);
    kept_transfers kept{.read = f.read_at(owned("", 4), 2), .write = f.write_at(owned("ab", 2), 8)};
    EXPECT_EQ((co_await kept.write).res, 2U);
    const auto read = co_await kept.read;
    EXPECT_EQ(text_of(read.buf.bytes()), "2345");
  });
  EXPECT_EQ(content_of(path), "01234567ab");
}

TEST(file, a_read_fills_the_whole_of_a_vector) {
  const temp_dir dir;
  run([&]() -> task<> {
    const file f = co_await open_for(dir.make("f", "0123456789"), true, false);
    const auto [res, buf] = co_await f.read_at(std::vector<char>(4), 3);
    EXPECT_EQ(res, 4U);
    EXPECT_EQ(buf, chars_of("3456"));
  });
}

TEST(file, a_read_fills_the_capacity_and_sets_the_size) {
  const temp_dir dir;
  run([&]() -> task<> {
    const file f = co_await open_for(dir.make("f", "0123456789"), true, false);
    const auto [res, buf] = co_await f.read_at(owned("old bytes", 32), 2);
    EXPECT_EQ(res, 8U);
    EXPECT_EQ(text_of(buf.bytes()), "23456789");
  });
}

TEST(file, a_read_at_or_beyond_the_end_gives_zero_and_across_it_is_short) {
  const temp_dir dir;
  run([&]() -> task<> {
    const file f = co_await open_for(dir.make("f", "0123456789"), true, false);
    for (const std::uint64_t offset : {std::uint64_t{10}, std::uint64_t{1'000'000}}) {
      const auto [res, buf] = co_await f.read_at(owned("old", 8), offset);
      EXPECT_EQ(res, 0U);
      EXPECT_EQ(buf.size(), 0U);
    }
    const auto [res, buf] = co_await f.read_at(owned_bytes::with_capacity(8), 6);
    EXPECT_EQ(res, 4U);
    EXPECT_EQ(text_of(buf.bytes()), "6789");
  });
}

TEST(file, an_exact_read_that_meets_the_end_tells_how_much_came) {
  const temp_dir dir;
  run([&]() -> task<> {
    const file f = co_await open_for(dir.make("f", "0123456789"), true, false);
    const auto whole = co_await f.read_exact_at(owned_bytes::with_capacity(10), 0);
    EXPECT_EQ(error_of(whole.res), std::error_code{});
    EXPECT_EQ(text_of(whole.buf.bytes()), "0123456789");
    const auto partial = co_await f.read_exact_at(owned_bytes::with_capacity(8), 6);
    EXPECT_EQ(error_of(partial.res), errc::end_of_file);
    EXPECT_EQ(text_of(partial.buf.bytes()), "6789");
    const auto none = co_await f.read_exact_at(owned("old", 8), 10);
    EXPECT_EQ(error_of(none.res), errc::end_of_file);
    EXPECT_EQ(none.buf.size(), 0U);
  });
}

TEST(file, a_write_sends_the_size_and_not_the_capacity) {
  const temp_dir dir;
  const auto path = dir.make("f", "0123456789");
  run([&]() -> task<> {
    const file f = co_await open_for(path, false, true);
    const auto [res, buf] = co_await f.write_at(owned("abc", 64), 2);
    EXPECT_EQ(res, 3U);
    EXPECT_EQ(text_of(buf.bytes()), "abc");
    const auto all = co_await f.write_all_at(chars_of("xy"), 12);
    EXPECT_EQ(error_of(all.res), std::error_code{});
    EXPECT_EQ(all.buf, chars_of("xy"));
  });
  using std::string_literals::operator""s;
  EXPECT_EQ(content_of(path), "01abc56789\0\0xy"s);
}

TEST(file, nothing_to_transfer_succeeds) {
  const temp_dir dir;
  const auto path = dir.make("f", "0123");
  run([&]() -> task<> {
    const file f = co_await open_for(path, true, true);
    const auto written = co_await f.write_at(std::vector<char>(), 0);
    EXPECT_EQ(written.res, 0U);
    const auto all = co_await f.write_all_at(std::vector<char>(), 0);
    EXPECT_EQ(error_of(all.res), std::error_code{});
    const auto exact = co_await f.read_exact_at(std::vector<char>(), 100);
    EXPECT_EQ(error_of(exact.res), std::error_code{});
  });
  EXPECT_EQ(content_of(path), "0123");
}

TEST(file, a_read_into_a_slice_starts_at_its_begin_and_stops_at_its_end) {
  const temp_dir dir;
  run([&]() -> task<> {
    const file f = co_await open_for(dir.make("f", "0123456789"), true, false);
    auto r = co_await f.read_at(slice(owned("abcdef", 16), 2, 5), 0);
    EXPECT_EQ(r.res, 3U);
    EXPECT_EQ(r.buf.size(), 3U);
    const owned_bytes whole = std::move(r.buf).into_inner();
    EXPECT_EQ(text_of(whole.bytes()), "ab012");  // the fill is begin + n

    auto at_end = co_await f.read_at(slice(owned("abcdef", 16), 6), 8);
    EXPECT_EQ(at_end.res, 2U);
    const owned_bytes appended = std::move(at_end.buf).into_inner();
    EXPECT_EQ(text_of(appended.bytes()), "abcdef89");

    auto exact = co_await f.read_exact_at(slice(owned("abcdef", 16), 4), 5);
    EXPECT_EQ(error_of(exact.res), errc::end_of_file);
    const owned_bytes partial = std::move(exact.buf).into_inner();
    EXPECT_EQ(text_of(partial.bytes()), "abcd56789");
  });
}

TEST(file, a_slice_of_a_vector_leaves_the_rest_alone) {
  const temp_dir dir;
  run([&]() -> task<> {
    const file f = co_await open_for(dir.make("f", "0123456789"), true, false);
    auto r = co_await f.read_exact_at(slice(chars_of("abcdef"), 1, 4), 0);
    EXPECT_EQ(error_of(r.res), std::error_code{});
    EXPECT_EQ(std::move(r.buf).into_inner(), chars_of("a012ef"));
  });
}

TEST(file, a_write_of_a_slice_sends_what_is_valid_in_it) {
  const temp_dir dir;
  const auto path = dir.make("f", "");
  run([&]() -> task<> {
    const file f = co_await open_for(path, false, true);
    const auto inside = co_await f.write_at(slice(owned("abcdef", 16), 1, 4), 0);
    EXPECT_EQ(inside.res, 3U);
    const auto beyond = co_await f.write_at(slice(owned("abcdef", 16), 4, 12), 3);
    EXPECT_EQ(beyond.res, 2U);
    const auto open_end = co_await f.write_all_at(slice(owned("abcdef", 16), 5), 5);
    EXPECT_EQ(error_of(open_end.res), std::error_code{});
    const auto nothing = co_await f.write_at(slice(owned("abcdef", 16), 6, 16), 6);
    EXPECT_EQ(nothing.res, 0U);
  });
  EXPECT_EQ(content_of(path), "bcdeff");
}

TEST(file, an_offset_beyond_the_signed_range_is_invalid_argument) {
  const temp_dir dir;
  run([&]() -> task<> {
    const file f = co_await open_for(dir.make("f", "text"), true, true);
    for (const std::uint64_t offset :
         {std::uint64_t{1} << 63U, std::numeric_limits<std::uint64_t>::max()}) {
      const auto written = co_await f.write_at(owned("abc", 8), offset);
      EXPECT_EQ(error_of(written.res), std::errc::invalid_argument);
      EXPECT_EQ(text_of(written.buf.bytes()), "abc");
      const auto read = co_await f.read_at(owned("abc", 8), offset);
      EXPECT_EQ(error_of(read.res), std::errc::invalid_argument);
      EXPECT_EQ(text_of(read.buf.bytes()), "abc");
      const auto exact = co_await f.read_exact_at(owned("abc", 8), offset);
      EXPECT_EQ(error_of(exact.res), std::errc::invalid_argument);
    }
    const auto far = co_await f.write_at(chars_of("abc"), std::uint64_t{1} << 60U);
    EXPECT_EQ(error_of(far.res), std::errc::file_too_large);
    EXPECT_EQ(far.buf, chars_of("abc"));
  });
}

TEST(file, a_path_is_any_string_or_a_path) {
  const temp_dir dir;
  const std::filesystem::path path = dir.path() / "named";
  run([&]() -> task<> {
    const std::string string = path.string();
    const std::string longer = string + " and more";
    EXPECT_TRUE(co_await file::open(path, open_options{}.write(true).create(true)));
    EXPECT_TRUE(co_await file::open(string));
    EXPECT_TRUE(co_await file::open(string.c_str()));
    EXPECT_TRUE(co_await file::open(std::string_view(longer).substr(0, string.size())));
    EXPECT_TRUE(co_await file::open(std::filesystem::directory_entry(path)));
    const auto cut = co_await file::open(std::string_view("/dev/null\0", 10));
    EXPECT_EQ(cut.error(), std::errc::invalid_argument);
  });
}

TEST(file, a_directory_has_no_bytes) {
  const temp_dir dir;
  run([&]() -> task<> {
    const file f = co_await open_for(dir.path(), true, false);
    const auto read = co_await f.read_at(owned("abc", 8), 0);
    EXPECT_EQ(error_of(read.res), std::errc::is_a_directory);
    EXPECT_EQ(text_of(read.buf.bytes()), "abc");
    const auto opened = co_await file::open(dir.path(), open_options{}.write(true));
    EXPECT_EQ(error_of(opened), std::errc::is_a_directory);
  });
}

TEST(file, the_wrong_access_is_a_bad_file_descriptor) {
  const temp_dir dir;
  const auto path = dir.make("f", "text");
  run([&]() -> task<> {
    const file reader = co_await open_for(path, true, false);
    const auto written = co_await reader.write_at(owned("abc", 8), 0);
    EXPECT_EQ(error_of(written.res), std::errc::bad_file_descriptor);
    EXPECT_EQ(text_of(written.buf.bytes()), "abc");
    const file writer = co_await open_for(path, false, true);
    const auto read = co_await writer.read_exact_at(owned("abc", 8), 0);
    EXPECT_EQ(error_of(read.res), std::errc::bad_file_descriptor);
    EXPECT_EQ(text_of(read.buf.bytes()), "abc");
  });
  EXPECT_EQ(content_of(path), "text");
}

TEST(file, a_buffer_in_a_co_await_expression_is_released_once) {
  const temp_dir dir;
  run([&]() -> task<> {
    const file f = co_await open_for(dir.make("f", "0123456789"), true, true);
    int ended = 0;
    const auto all = (co_await f.write_all_at(std::vector<char>(10), 0)).res;
    EXPECT_EQ(error_of(all), std::error_code{});
    const auto one = (co_await f.read_at(test::logged_bytes(10, ended), 0)).res;
    EXPECT_EQ(one, 10U);
    EXPECT_EQ(ended, 1);
    const auto exact = (co_await f.read_exact_at(test::logged_bytes(10, ended), 5)).res;
    EXPECT_EQ(error_of(exact), errc::end_of_file);
    EXPECT_EQ(ended, 2);
    const auto failed = (co_await f.read_at(test::logged_bytes(10, ended), ~0ULL)).res;
    EXPECT_EQ(error_of(failed), std::errc::invalid_argument);
    EXPECT_EQ(ended, 3);
  });
}

TEST(file, a_buffer_is_moved_into_the_call_the_operation_and_the_result_and_nowhere_else) {
  const temp_dir dir;
  run([&]() -> task<> {
    const file f = co_await open_for(dir.make("f", "0123456789"), true, false);
    int moves = 0;
    auto [res, back] = co_await f.read_at(moved_bytes(moves), 0);
    EXPECT_EQ(res, 10U);
    EXPECT_EQ(text_of(back.bytes), "0123456789");
    EXPECT_LE(moves, 3);
  });
}

}  // namespace
}  // namespace carousel
