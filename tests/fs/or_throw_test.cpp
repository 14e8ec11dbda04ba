#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "support/run.hpp"
#include "support/temp_dir.hpp"

// The exception of a program that ends where something fails says what failed, and on what.

namespace carousel {
namespace {

using test::run;
using test::temp_dir;
using testing::HasSubstr;

/// What `f`, which returns a task, throws; it must be a system_error.
template <class F>
std::string thrown_by(F f) {
  try {
    run(f);
  } catch (const std::system_error& e) {
    return e.what();
  }
  return "nothing was thrown";
}

TEST(or_throw, a_missing_file_is_named_with_what_its_path_is_relative_to) {
  const std::string here = std::filesystem::current_path();
  EXPECT_EQ(thrown_by([]() -> task<> { or_throw(co_await file::open("no-such-file")); }),
            "cannot open 'no-such-file' (from " + here + "): No such file or directory");
  EXPECT_EQ(thrown_by([]() -> task<> { or_throw(co_await file::open("/no-such-file")); }),
            "cannot open '/no-such-file': No such file or directory");
}

TEST(or_throw, an_open_that_was_never_submitted_is_named_too) {
  EXPECT_THAT(thrown_by([]() -> task<> { or_throw(co_await file::open(std::string(5000, 'x'))); }),
              HasSubstr("cannot open"));
}

TEST(or_throw, a_file_that_takes_no_writes_is_named_by_its_path) {
  const temp_dir dir;
  const std::string path = dir.path() / "read-only";
  ::close(::open(path.c_str(), O_CREAT | O_RDONLY | O_CLOEXEC, 0600));
  EXPECT_EQ(thrown_by([&]() -> task<> {
              const file f = or_throw(co_await file::open(path));
              or_throw(co_await f.write_at(std::vector<char>(8), 0));
            }),
            "cannot write to '" + path + "': Bad file descriptor");
}

TEST(or_throw, both_names_of_a_rename_are_told) {
  EXPECT_EQ(thrown_by([]() -> task<> { or_throw(co_await file::rename("/no-such", "/other")); }),
            "cannot rename '/no-such' as '/other': No such file or directory");
}

TEST(or_throw, the_error_code_is_that_of_the_result) {
  try {
    or_throw(fixed_buf_pool::make({}));
    FAIL() << "nothing was thrown";
  } catch (const std::system_error& e) {
    EXPECT_EQ(e.code(), errc::bad_buffer);
    EXPECT_EQ(e.what(), make_error_code(errc::bad_buffer).message());
  }
}

TEST(or_throw, of_a_result_that_was_kept_over_another_operation_no_path_is_told) {
  EXPECT_EQ(thrown_by([]() -> task<> {
              const auto kept = co_await file::open("/no-such-file");
              (void)co_await file::open("/dev/zero");
              or_throw(result<>(std::unexpected(kept.error())));
            }),
            "No such file or directory");
}

TEST(or_throw, what_an_operation_brings_goes_through) {
  run([]() -> task<> {
    const file zeros = or_throw(co_await file::open("/dev/zero"));
    auto [n, buf] = or_throw(co_await zeros.read_at(std::vector<char>(16, 'x'), 0));
    EXPECT_EQ(n, 16U);
    EXPECT_EQ(buf.front(), '\0');
    const std::vector<char> full = or_throw(co_await zeros.read_exact_at(std::move(buf), 0));
    EXPECT_EQ(full.size(), 16U);
    or_throw(result<>());
  });
}

}  // namespace
}  // namespace carousel
