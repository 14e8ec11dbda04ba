#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <carousel/carousel.hpp>

#include <filesystem>
#include <string>
#include <vector>

#include "support/content.hpp"
#include "support/open_fds.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

// file::open() with each of its options, and what it refuses.

namespace carousel {
namespace {

using test::content_of;
using test::error_of;
using test::run;
using test::temp_dir;

std::error_code open_error(const std::filesystem::path& path, open_options options = {}) {
  return run([&]() -> task<std::error_code> {
    const auto opened = co_await file::open(path, options);
    co_return error_of(opened);
  });
}

/// Opens the file and writes "new" at its start.
std::error_code write_new(const std::filesystem::path& path, open_options options) {
  return run([&]() -> task<std::error_code> {
    const auto opened = co_await file::open(path, options);
    if (!opened) co_return opened.error();
    const auto written = co_await opened->write_all_at(test::chars_of("new"), 0);
    co_return error_of(written.res);
  });
}

TEST(open_options, a_missing_file_is_no_such_file_or_directory) {
  const temp_dir dir;
  EXPECT_EQ(open_error(dir.path() / "none"), std::errc::no_such_file_or_directory);
  EXPECT_EQ(open_error(dir.path() / "none", open_options{}.write(true)),
            std::errc::no_such_file_or_directory);
  EXPECT_FALSE(std::filesystem::exists(dir.path() / "none"));
}

TEST(open_options, create_makes_a_missing_file_and_keeps_an_existing_one) {
  const temp_dir dir;
  const auto options = open_options{}.write(true).create(true);
  EXPECT_EQ(write_new(dir.path() / "made", options), std::error_code{});
  EXPECT_EQ(content_of(dir.path() / "made"), "new");
  const auto old = dir.make("old", "old text");
  EXPECT_EQ(write_new(old, options), std::error_code{});
  EXPECT_EQ(content_of(old), "new text");
}

TEST(open_options, create_new_refuses_an_existing_file) {
  const temp_dir dir;
  const auto options = open_options{}.write(true).create_new(true);
  EXPECT_EQ(write_new(dir.path() / "made", options), std::error_code{});
  EXPECT_EQ(open_error(dir.path() / "made", options), std::errc::file_exists);
  EXPECT_EQ(content_of(dir.path() / "made"), "new");
}

TEST(open_options, truncate_empties_an_existing_file) {
  const temp_dir dir;
  const auto old = dir.make("old", "old text");
  EXPECT_EQ(write_new(old, open_options{}.write(true).truncate(true)), std::error_code{});
  EXPECT_EQ(content_of(old), "new");
}

TEST(open_options, append_writes_to_the_end_whatever_the_offset) {
  const temp_dir dir;
  const auto old = dir.make("old", "old");
  EXPECT_EQ(write_new(old, open_options{}.append(true)), std::error_code{});
  EXPECT_EQ(content_of(old), "oldnew");
  EXPECT_EQ(write_new(dir.path() / "made", open_options{}.append(true).create(true)),
            std::error_code{});
  EXPECT_EQ(content_of(dir.path() / "made"), "new");
}

TEST(open_options, combinations_without_write_are_invalid_argument) {
  const temp_dir dir;
  const auto path = dir.make("old", "old");
  const std::vector<open_options> wrong = {
      open_options{}.create(true),
      open_options{}.create_new(true),
      open_options{}.truncate(true),
      open_options{}.read(true).create(true),
      open_options{}.read(true).truncate(true),
      open_options{}.append(true).truncate(true),
  };
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    EXPECT_EQ(error_of(wrong[i].flags()), std::errc::invalid_argument) << i;
    EXPECT_EQ(open_error(path, wrong[i]), std::errc::invalid_argument) << i;
  }
  EXPECT_EQ(content_of(path), "old");
}

TEST(open_options, flags_are_those_of_open) {
  EXPECT_EQ(open_options{}.flags(), O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(open_options{}.write(true).flags(), O_WRONLY | O_CLOEXEC);
  EXPECT_EQ(open_options{}.read(true).append(true).flags(), O_RDWR | O_APPEND | O_CLOEXEC);
  EXPECT_EQ(open_options{}.direct(true).flags(), O_RDONLY | O_DIRECT | O_CLOEXEC);
  EXPECT_EQ(open_options{}.custom_flags(O_NOFOLLOW).flags(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
}

TEST(open_options, a_descriptor_is_closed_on_exec) {
  const temp_dir dir;
  const auto path = dir.make("f", "");
  const int flags = run([&]() -> task<int> {
    const auto opened = co_await file::open(path);
    co_return fcntl(opened.value().fd(), F_GETFD);
  });
  EXPECT_NE(flags & FD_CLOEXEC, 0);
}

TEST(open_options, mode_is_before_the_umask) {
  const temp_dir dir;
  const mode_t before = umask(022);
  EXPECT_EQ(open_error(dir.path() / "f", open_options{}.write(true).create(true).mode(0660)),
            std::error_code{});
  umask(before);
  struct stat about{};
  ASSERT_EQ(stat((dir.path() / "f").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777U, 0640U);
}

TEST(open_options, custom_flags_reach_the_kernel) {
  const temp_dir dir;
  std::filesystem::create_symlink(dir.make("f", ""), dir.path() / "link");
  EXPECT_EQ(open_error(dir.path() / "link"), std::error_code{});
  EXPECT_EQ(open_error(dir.path() / "link", open_options{}.custom_flags(O_NOFOLLOW)),
            std::errc::too_many_symbolic_link_levels);
}

TEST(open_options, a_path_is_checked_before_the_kernel_sees_it) {
  using std::string_literals::operator""s;
  EXPECT_EQ(open_error("/etc/hostname\0x"s), std::errc::invalid_argument);
  EXPECT_EQ(open_error(std::string(5000, 'x')), std::errc::filename_too_long);
  EXPECT_EQ(open_error(""), std::errc::no_such_file_or_directory);
}

TEST(open_options, a_path_is_copied) {
  const temp_dir dir;
  std::string path = dir.make("f", "text").string();
  run([&]() -> task<> {
    auto opening = file::open(path);
    path.assign(path.size(), 'x');
    const auto opened = co_await std::move(opening);
    EXPECT_TRUE(opened);
  });
}

TEST(open_options, an_open_that_nobody_waits_for_leaves_no_descriptor) {
  const temp_dir dir;
  const auto path = dir.make("f", "");
  const std::size_t before = test::open_fds();
  run([&]() -> task<> {
    for (int i = 0; i < 20; ++i) {
      auto opening =
          spawn([](std::filesystem::path p) -> task<> { (void)co_await file::open(p); }, path);
      for (int turns = 0; turns < i % 3; ++turns) co_await yield();
      opening.abort();
    }
  });
  EXPECT_EQ(test::open_fds(), before);
}

}  // namespace
}  // namespace carousel
