#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/limits.h>
#include <sys/stat.h>
#include <carousel/carousel.hpp>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "support/content.hpp"
#include "support/open_fds.hpp"
#include "support/outcome.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

// An open directory, and what is done relative to it.

namespace carousel {
namespace {

namespace fs = std::filesystem;
using test::content_of;
using test::error_of;
using test::outcome;
using test::run;
using test::temp_dir;

directory open_now(const fs::path& path) {
  return run([&]() -> task<directory> {
    auto opened = co_await directory::open(path);
    co_return std::move(opened).value();
  });
}

TEST(open_directory, opens_directories_only) {
  const temp_dir dir;
  EXPECT_EQ(outcome([&] { return directory::open(dir.path()); }), std::error_code{});
  EXPECT_EQ(outcome([&] { return directory::open(dir.make("f", "")); }),
            std::errc::not_a_directory);
  EXPECT_EQ(outcome([&] { return directory::open(dir.path() / "none"); }),
            std::errc::no_such_file_or_directory);
}

TEST(open_directory, one_that_may_be_read_but_not_searched_is_listed) {
  const temp_dir dir;
  fs::create_directory(dir.path() / "d");
  (void)dir.make("d/file", "");
  const directory opened = open_now(dir.path() / "d");
  fs::permissions(dir.path() / "d", fs::perms::owner_read);
  const auto entries = run([&] { return opened.list(); });
  fs::permissions(dir.path() / "d", fs::perms::owner_all);
  ASSERT_TRUE(entries.has_value()) << entries.error().message();
  ASSERT_EQ(entries->size(), 1U);
  EXPECT_EQ(entries->front().name, "file");
}

TEST(open_directory, the_last_handle_closes_it) {
  const temp_dir dir;
  const std::size_t before = test::open_fds();
  {
    directory first = open_now(dir.path());
    const directory second = first;
    EXPECT_EQ(first.fd(), second.fd());
    first = directory();
    EXPECT_EQ(test::open_fds(), before + 1);
    const directory adopted = directory::from_fd(::open(dir.path().c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_GE(adopted.fd(), 0);
  }
  EXPECT_EQ(test::open_fds(), before);
}

TEST(open_directory, names_are_relative_to_it_even_when_it_moves) {
  const temp_dir dir;
  fs::create_directory(dir.path() / "old");
  const directory d = open_now(dir.path() / "old");
  fs::rename(dir.path() / "old", dir.path() / "new");
  EXPECT_EQ(outcome([&] { return d.make_directory("sub", 0700); }), std::error_code{});
  EXPECT_TRUE(fs::is_directory(dir.path() / "new" / "sub"));
  EXPECT_EQ(outcome([&] { return d.make_directory("sub"); }), std::errc::file_exists);
  const std::string text = run([&]() -> task<std::string> {
    auto made = co_await d.open_file("sub/f", open_options{}.write(true).create_new(true));
    const auto written = co_await made.value().write_all_at(test::chars_of("text"), 0);
    EXPECT_TRUE(written.res);
    co_return content_of(dir.path() / "new" / "sub" / "f");
  });
  EXPECT_EQ(text, "text");
}

TEST(open_directory, gives_a_directory_in_it_to_go_on_from) {
  const temp_dir dir;
  fs::create_directories(dir.path() / "a" / "b");
  (void)dir.make("a/f", "");
  const directory d = open_now(dir.path());
  run([&]() -> task<> {
    const auto a = co_await d.open_directory("a");
    const auto b = co_await a.value().open_directory("b");
    const auto made = co_await b.value().make_directory("c");
    EXPECT_TRUE(made);
    const auto refused = co_await a->open_directory("f");
    EXPECT_EQ(error_of(refused), std::errc::not_a_directory);
  });
  EXPECT_TRUE(fs::is_directory(dir.path() / "a" / "b" / "c"));
}

TEST(open_directory, a_symbolic_link_on_the_way_can_be_refused) {
  const temp_dir dir;
  fs::create_directories(dir.path() / "in" / "real");
  fs::create_directory(dir.path() / "out");
  (void)dir.make("out/f", "");
  fs::create_symlink("../out", dir.path() / "in" / "away");
  fs::create_symlink("real", dir.path() / "in" / "stays");
  (void)dir.make("in/real/f", "");
  const directory d = open_now(dir.path() / "in");
  const auto opening = [&](const char* name, open_options options) {
    return outcome([&] { return d.open_file(name, options); });
  };
  EXPECT_EQ(opening("away/f", {}), std::error_code{});
  const auto beneath = open_options{}.beneath(true);
  EXPECT_EQ(opening("away/f", beneath), std::errc::cross_device_link);
  EXPECT_EQ(opening("../out/f", beneath), std::errc::cross_device_link);
  EXPECT_EQ(opening("/etc/passwd", beneath), std::errc::cross_device_link);
  EXPECT_EQ(opening("stays/f", beneath), std::error_code{});
  EXPECT_EQ(opening("real/../real/f", beneath), std::error_code{});
  const auto straight = open_options{}.no_symlinks(true);
  EXPECT_EQ(opening("stays/f", straight), std::errc::too_many_symbolic_link_levels);
  EXPECT_EQ(opening("real/f", straight), std::error_code{});
}

TEST(open_directory, a_file_made_beneath_has_its_mode) {
  const temp_dir dir;
  const directory d = open_now(dir.path());
  const mode_t before = umask(022);
  const auto options = open_options{}.write(true).create_new(true).beneath(true);
  EXPECT_EQ(outcome([&] { return d.open_file("f", open_options(options).mode(0666)); }),
            std::error_code{});
  umask(before);
  EXPECT_EQ(fs::status(dir.path() / "f").permissions(), fs::perms{0644});
}

TEST(open_directory, renames_and_links_into_another_directory) {
  const temp_dir dir;
  fs::create_directory(dir.path() / "a");
  fs::create_directory(dir.path() / "b");
  (void)dir.make("a/f", "from a");
  (void)dir.make("b/g", "from b");
  const directory a = open_now(dir.path() / "a");
  const directory b = open_now(dir.path() / "b");
  EXPECT_EQ(outcome([&] { return a.hard_link("f", b, "second"); }), std::error_code{});
  EXPECT_EQ(fs::hard_link_count(dir.path() / "a" / "f"), 2U);
  EXPECT_EQ(outcome([&] { return a.rename("f", b, "g", if_exists::fail); }),
            std::errc::file_exists);
  EXPECT_EQ(content_of(dir.path() / "b" / "g"), "from b");
  EXPECT_EQ(outcome([&] { return b.rename("second", b, "third"); }), std::error_code{});
  EXPECT_EQ(outcome([&] { return a.rename("f", b, "g"); }), std::error_code{});
  EXPECT_EQ(content_of(dir.path() / "b" / "g"), "from a");
  EXPECT_FALSE(fs::exists(dir.path() / "a" / "f"));
}

TEST(open_directory, symbolic_links_are_made_and_told_apart) {
  const temp_dir dir;
  (void)dir.make("f", "text");
  const directory d = open_now(dir.path());
  EXPECT_EQ(outcome([&] { return d.symlink("f", "soft"); }), std::error_code{});
  EXPECT_EQ(fs::read_symlink(dir.path() / "soft"), "f");
  run([&]() -> task<> {
    const auto link = co_await d.info("soft", follow_links::no);
    EXPECT_EQ(link.value().type, fs::file_type::symlink);
    const auto followed = co_await d.info("soft");
    EXPECT_EQ(followed.value().type, fs::file_type::regular);
    EXPECT_EQ(followed.value().size, 4U);
    const auto itself = co_await d.info();
    EXPECT_EQ(itself.value().type, fs::file_type::directory);
  });
}

TEST(open_directory, removes_files_and_empty_directories_each_by_its_own_verb) {
  const temp_dir dir;
  (void)dir.make("f", "");
  fs::create_directories(dir.path() / "full" / "empty");
  const directory d = open_now(dir.path());
  EXPECT_EQ(outcome([&] { return d.remove_directory("f"); }), std::errc::not_a_directory);
  EXPECT_EQ(outcome([&] { return d.remove_file("full"); }), std::errc::is_a_directory);
  EXPECT_EQ(outcome([&] { return d.remove_directory("full"); }), std::errc::directory_not_empty);
  EXPECT_EQ(outcome([&] { return d.remove_directory("full/empty"); }), std::error_code{});
  EXPECT_EQ(outcome([&] { return d.remove_file("f"); }), std::error_code{});
  EXPECT_FALSE(fs::exists(dir.path() / "f"));
  EXPECT_FALSE(fs::exists(dir.path() / "full" / "empty"));
}

TEST(open_directory, lists_from_the_start_each_time) {
  const temp_dir dir;
  (void)dir.make("one", "");
  (void)dir.make("two", "");
  const directory d = open_now(dir.path());
  for (int round = 0; round < 2; ++round) {
    const auto listed = run([&] { return d.list(); });
    std::vector<std::string> names;
    for (const auto& entry : listed.value()) names.push_back(entry.name);
    std::ranges::sort(names);
    EXPECT_EQ(names, (std::vector<std::string>{"one", "two"}));
  }
}

TEST(open_directory, sync_makes_names_durable) {
  const temp_dir dir;
  const directory d = open_now(dir.path());
  EXPECT_EQ(outcome([&] { return d.sync(); }), std::error_code{});
}

TEST(open_directory_death, an_empty_handle_is_no_way_to_the_current_directory) {
  const temp_dir dir;
  directory d = open_now(dir.path());
  const directory there = std::move(d);
  constexpr const char* sentence = "this file, directory or socket was moved from or closed";
  // NOLINTBEGIN(bugprone-use-after-move)
  EXPECT_EQ(d.fd(), -1);
  EXPECT_DEATH((void)outcome([&] { return d.open_file("f"); }), sentence);
  EXPECT_DEATH((void)outcome([&] { return d.open_directory("."); }), sentence);
  EXPECT_DEATH((void)outcome([&] { return d.make_directory("d"); }), sentence);
  EXPECT_DEATH((void)outcome([&] { return d.remove_file("f"); }), sentence);
  EXPECT_DEATH((void)outcome([&] { return d.remove_directory("d"); }), sentence);
  EXPECT_DEATH((void)outcome([&] { return d.rename("f", there, "g"); }), sentence);
  EXPECT_EQ(outcome([&] { return there.rename("f", d, "g"); }), std::errc::bad_file_descriptor);
  EXPECT_EQ(outcome([&] { return there.hard_link("f", d, "g"); }), std::errc::bad_file_descriptor);
  EXPECT_DEATH((void)outcome([&] { return d.symlink("f", "g"); }), sentence);
  EXPECT_DEATH((void)outcome([&] { return d.info(); }), sentence);
  EXPECT_DEATH((void)outcome([&] { return d.info("f"); }), sentence);
  EXPECT_DEATH((void)outcome([&] { return d.list(); }), sentence);
  EXPECT_DEATH((void)outcome([&] { return d.sync(); }), sentence);
  // NOLINTEND(bugprone-use-after-move)
}

TEST(open_directory, a_path_that_no_kernel_takes_is_an_error_before) {
  using std::string_literals::operator""s;
  const temp_dir dir;
  const directory d = open_now(dir.path());
  const auto opening = [&](const std::string& name) {
    return outcome([&] { return d.open_file(name, open_options{}.beneath(true)); });
  };
  EXPECT_EQ(opening("a\0b"s), std::errc::invalid_argument);
  EXPECT_EQ(opening(std::string(PATH_MAX, 'a')), std::errc::filename_too_long);
}

TEST(open_directory, an_operation_in_flight_holds_both_directories_open) {
  const temp_dir dir;
  fs::create_directory(dir.path() / "a");
  fs::create_directory(dir.path() / "b");
  (void)dir.make("a/f", "text");
  const std::size_t before = test::open_fds();
  run([&]() -> task<> {
    auto renaming = [&] {
      const directory a =
          directory::from_fd(::open((dir.path() / "a").c_str(), O_RDONLY | O_CLOEXEC));
      const directory b =
          directory::from_fd(::open((dir.path() / "b").c_str(), O_RDONLY | O_CLOEXEC));
      return a.rename("f", b, "g");
    }();
    const auto done = co_await std::move(renaming);
    EXPECT_EQ(error_of(done), std::error_code{});
  });
  EXPECT_EQ(content_of(dir.path() / "b" / "g"), "text");
  EXPECT_EQ(test::open_fds(), before);
}

TEST(open_directory, a_coroutine_destroyed_while_it_opens_leaks_nothing) {
  const temp_dir dir;
  const std::size_t before = test::open_fds();
  run([&]() -> task<> {
    for (int i = 0; i < 50; ++i) {
      auto opening = spawn([&]() -> task<> {
        const auto opened = co_await directory::open(dir.path());
        (void)opened;
      });
      if (i % 2 == 0) co_await yield();
      opening.abort();
    }
  });
  EXPECT_EQ(test::open_fds(), before);
}

}  // namespace
}  // namespace carousel
