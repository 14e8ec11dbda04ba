#include <gtest/gtest.h>
#include <sys/xattr.h>
#include <carousel/carousel.hpp>

#include <array>
#include <chrono>
#include <filesystem>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/content.hpp"
#include "support/in_flight.hpp"
#include "support/logged_bytes.hpp"
#include "support/run.hpp"
#include "support/small.hpp"
#include "support/temp_dir.hpp"

// Extended attributes of open files and of paths.

namespace carousel {
namespace {

using test::chars_of;
using test::error_of;
using test::logged_bytes;
using test::run;
using test::small;
using test::temp_dir;
using test::until_submitted;

constexpr const char* name = "user.carousel";

/// What the file has, behind the library's back.
std::string value_of(const std::filesystem::path& path) {
  std::array<char, 100> value{};
  const ssize_t n = ::getxattr(path.c_str(), name, value.data(), value.size());
  return n < 0 ? std::string("none") : std::string(value.data(), static_cast<std::size_t>(n));
}

task<file> open(std::filesystem::path path) {
  co_return (co_await file::open(path, open_options{}.read(true).write(true))).value();
}

TEST(attribute, is_set_and_read_by_path_and_of_an_open_file) {
  const temp_dir dir;
  const auto path = dir.make("file", "");
  run([&]() -> task<> {
    const file f = co_await open(path);
    const auto set = co_await set_attribute(path, name, chars_of("first"));
    EXPECT_EQ(error_of(set.res), std::error_code{});
    EXPECT_EQ(set.buf, chars_of("first"));
    EXPECT_EQ(value_of(path), "first");
    const auto got = co_await get_attribute(f, name, std::vector<char>(5));
    EXPECT_EQ(got.res, 5U);
    EXPECT_EQ(got.buf, chars_of("first"));
    const auto set_again = co_await set_attribute(f, name, chars_of("second"));
    EXPECT_EQ(error_of(set_again.res), std::error_code{});
    const auto got_again = co_await get_attribute(path, name, test::room());
    EXPECT_EQ(got_again.res, 6U);
    EXPECT_EQ(got_again.buf.size(), 6U);
  });
  EXPECT_EQ(value_of(path), "second");
}

TEST(attribute, a_buffer_without_room_is_told_the_length) {
  const temp_dir dir;
  const auto path = dir.make("file", "");
  ASSERT_EQ(::setxattr(path.c_str(), name, "value", 5, 0), 0);
  run([&]() -> task<> {
    const auto asked = co_await get_attribute(path, name, std::vector<char>());
    EXPECT_EQ(asked.res, 5U);
    EXPECT_TRUE(asked.buf.empty());
    const auto small_one = co_await get_attribute(path, name, std::vector<char>(4, 'x'));
    EXPECT_EQ(error_of(small_one.res), std::errc::result_out_of_range);
    EXPECT_EQ(small_one.buf, chars_of("xxxx"));
  });
}

TEST(attribute, what_may_be_there_or_not_is_said) {
  const temp_dir dir;
  const auto path = dir.make("file", "");
  run([&]() -> task<> {
    const file f = co_await open(path);
    const auto none = co_await get_attribute(f, name, test::room());
    EXPECT_EQ(error_of(none.res), std::errc::no_message_available);
    const auto not_there =
        co_await set_attribute(path, name, chars_of("a"), if_attribute::is_there);
    EXPECT_EQ(error_of(not_there.res), std::errc::no_message_available);
    const auto fresh = co_await set_attribute(f, name, chars_of("b"), if_attribute::is_new);
    EXPECT_EQ(error_of(fresh.res), std::error_code{});
    const auto there = co_await set_attribute(f, name, chars_of("c"), if_attribute::is_new);
    EXPECT_EQ(error_of(there.res), std::errc::file_exists);
    EXPECT_EQ(there.buf, chars_of("c"));
  });
  EXPECT_EQ(value_of(path), "b");
}

TEST(attribute, a_name_that_is_none_is_a_named_error) {
  const temp_dir dir;
  const auto path = dir.make("file", "");
  run([&]() -> task<> {
    const file f = co_await open(path);
    const auto nul = co_await get_attribute(f, std::string_view("user.\0x", 7), test::room());
    EXPECT_EQ(error_of(nul.res), std::errc::invalid_argument);
    const auto empty = co_await get_attribute(f, "", test::room());
    EXPECT_EQ(error_of(empty.res), std::errc::result_out_of_range);
    const auto long_name = co_await get_attribute(f, std::string(256, 'x'), test::room());
    EXPECT_EQ(error_of(long_name.res), std::errc::result_out_of_range);
    const auto long_path = co_await get_attribute(std::string(4096, 'x'), name, test::room());
    EXPECT_EQ(error_of(long_path.res), std::errc::filename_too_long);
    const auto no_space = co_await get_attribute(f, "nowhere.name", test::room());
    EXPECT_EQ(error_of(no_space.res), std::errc::operation_not_supported);
    const auto no_file = co_await get_attribute(dir.path() / "none", name, test::room());
    EXPECT_EQ(error_of(no_file.res), std::errc::no_such_file_or_directory);
    file closing = f;
    const auto closed = co_await std::move(closing).close();
    EXPECT_TRUE(closed);
    const auto of_closed = co_await set_attribute(f, name, chars_of("x"));
    EXPECT_EQ(error_of(of_closed.res), std::errc::bad_file_descriptor);
  });
}

TEST(attribute, an_operation_that_is_destroyed_gives_its_buffer_back_with_its_last_completion) {
  const temp_dir dir;
  const auto path = dir.make("file", "");
  int ended = 0;
  run([&]() -> task<> {
    const file f = co_await open(path);
    for (int turns = 0; turns < 3; ++turns) {
      auto setting = spawn([](file of, logged_bytes value) -> task<> {
        (void)co_await set_attribute(of, name, std::move(value));
      }(f, logged_bytes(small, ended)));
      for (int i = 0; i < turns; ++i) co_await yield();
      setting.abort();
    }
    co_await until_submitted();
    while (ended < 3) co_await sleep_for(std::chrono::milliseconds(1));
  });
  EXPECT_EQ(ended, 3);
}

TEST(attribute, in_a_stopped_task_ends_at_once_with_its_buffer) {
  const temp_dir dir;
  const auto path = dir.make("file", "");
  run([&]() -> task<> {
    std::stop_source source;
    source.request_stop();
    const auto r =
        co_await stop_on(source.get_token(), set_attribute(path, name, chars_of("never")));
    EXPECT_EQ(error_of(r.res), errc::canceled);
    EXPECT_EQ(r.buf, chars_of("never"));
  });
  EXPECT_EQ(value_of(path), "none");
}

}  // namespace
}  // namespace carousel
