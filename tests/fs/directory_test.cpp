#include <gtest/gtest.h>
#include <sys/stat.h>
#include <carousel/carousel.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/content.hpp"
#include "support/open_fds.hpp"
#include "support/outcome.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

// Names: directories, links, renames.

namespace carousel {
namespace {

namespace fs = std::filesystem;
using test::content_of;
using test::outcome;
using test::run;
using test::temp_dir;

TEST(directory, create_makes_one_that_does_not_exist) {
  const temp_dir dir;
  const mode_t before = umask(022);
  EXPECT_EQ(outcome([&] { return directory::create(dir.path() / "a", 0770); }), std::error_code{});
  umask(before);
  EXPECT_EQ(fs::status(dir.path() / "a").permissions(), fs::perms{0750});
  EXPECT_EQ(outcome([&] { return directory::create(dir.path() / "a"); }), std::errc::file_exists);
  EXPECT_EQ(outcome([&] { return directory::create(dir.path() / "b" / "c"); }),
            std::errc::no_such_file_or_directory);
}

TEST(directory, create_all_makes_what_is_missing) {
  const temp_dir dir;
  for (const char* path : {"a/b/c", "a/b/c", "a/b/d/", "a/./e/../f"}) {
    EXPECT_EQ(outcome([&] { return directory::create_all(dir.path() / path); }), std::error_code{})
        << path;
    EXPECT_TRUE(fs::is_directory(dir.path() / path)) << path;
  }
  EXPECT_EQ(outcome([] { return directory::create_all("/"); }), std::error_code{});
  EXPECT_EQ(outcome([] { return directory::create_all("."); }), std::error_code{});
}

TEST(directory, create_all_stops_at_a_file) {
  const temp_dir dir;
  const auto path = dir.make("f", "");
  EXPECT_EQ(outcome([&] { return directory::create_all(path); }), std::errc::not_a_directory);
  EXPECT_EQ(outcome([&] { return directory::create_all(path / "a"); }), std::errc::not_a_directory);
}

TEST(directory, remove_takes_an_empty_one) {
  const temp_dir dir;
  fs::create_directories(dir.path() / "a" / "b");
  EXPECT_EQ(outcome([&] { return directory::remove(dir.path() / "a"); }),
            std::errc::directory_not_empty);
  EXPECT_EQ(outcome([&] { return directory::remove(dir.path() / "a" / "b"); }), std::error_code{});
  EXPECT_FALSE(fs::exists(dir.path() / "a" / "b"));
  EXPECT_EQ(outcome([&] { return directory::remove(dir.make("f", "")); }),
            std::errc::not_a_directory);
  EXPECT_EQ(outcome([&] { return file::remove(dir.path() / "a"); }), std::errc::is_a_directory);
  EXPECT_EQ(outcome([&] { return file::remove(dir.path() / "f"); }), std::error_code{});
  EXPECT_FALSE(fs::exists(dir.path() / "f"));
}

TEST(directory, rename_replaces_unless_told_not_to) {
  const temp_dir dir;
  const auto a = dir.make("a", "from a");
  const auto b = dir.make("b", "from b");
  EXPECT_EQ(outcome([&] { return file::rename(a, b, if_exists::fail); }), std::errc::file_exists);
  EXPECT_EQ(content_of(b), "from b");
  EXPECT_EQ(outcome([&] { return file::rename(a, b); }), std::error_code{});
  EXPECT_EQ(content_of(b), "from a");
  EXPECT_FALSE(fs::exists(a));
  EXPECT_EQ(outcome([&] { return file::rename(b, a, if_exists::fail); }), std::error_code{});
  EXPECT_EQ(content_of(a), "from a");
  EXPECT_EQ(outcome([&] { return file::rename(b, a); }), std::errc::no_such_file_or_directory);
}

TEST(directory, rename_moves_a_directory_with_its_content) {
  const temp_dir dir;
  fs::create_directory(dir.path() / "a");
  (void)dir.make("a/f", "text");
  EXPECT_EQ(outcome([&] { return directory::rename(dir.path() / "a", dir.path() / "b"); }),
            std::error_code{});
  EXPECT_EQ(content_of(dir.path() / "b" / "f"), "text");
}

TEST(directory, links_are_made_in_the_order_of_their_names) {
  const temp_dir dir;
  const auto path = dir.make("f", "text");
  EXPECT_EQ(outcome([&] { return file::symlink("f", dir.path() / "soft"); }), std::error_code{});
  EXPECT_EQ(fs::read_symlink(dir.path() / "soft"), "f");
  EXPECT_EQ(outcome([&] { return file::hard_link(path, dir.path() / "hard"); }), std::error_code{});
  EXPECT_EQ(fs::hard_link_count(path), 2U);
  EXPECT_EQ(outcome([&] { return file::symlink("f", path); }), std::errc::file_exists);
  EXPECT_EQ(outcome([&] { return file::hard_link(path, dir.path() / "hard"); }),
            std::errc::file_exists);
  const auto kind = [&](follow_links follow) {
    return run([&]() -> task<fs::file_type> {
      const auto info = co_await file::info(dir.path() / "soft", follow);
      co_return info.value().type;
    });
  };
  EXPECT_EQ(kind(follow_links::yes), fs::file_type::regular);
  EXPECT_EQ(kind(follow_links::no), fs::file_type::symlink);
}

TEST(directory, a_list_has_every_name_once) {
  const temp_dir dir;
  std::vector<std::string> expected;
  for (int i = 0; i < 3000; ++i) {
    expected.push_back("file" + std::to_string(i));
    std::ofstream(dir.path() / expected.back());
  }
  expected.emplace_back("subdirectory");
  fs::create_directory(dir.path() / expected.back());
  std::ranges::sort(expected);

  const std::size_t before = test::open_fds();
  const auto entries = run([&] { return directory::list(dir.path()); }).value();
  EXPECT_EQ(test::open_fds(), before);
  std::vector<std::string> names;
  std::size_t directories = 0;
  for (const directory_entry& entry : entries) {
    names.push_back(entry.name);
    directories += entry.type == fs::file_type::directory ? 1 : 0;
  }
  std::ranges::sort(names);
  EXPECT_EQ(names, expected);
  EXPECT_LE(directories, 1U);  // 0 where the file system does not say
}

TEST(directory, a_list_lets_other_tasks_run) {
  const temp_dir dir;
  for (int i = 0; i < 3000; ++i) std::ofstream(dir.path() / std::to_string(i));
  run([&]() -> task<> {
    auto listing = spawn(directory::list(dir.path()));
    int turns = 0;
    for (; !listing.done(); ++turns) co_await yield();
    EXPECT_GT(turns, 2);
    const auto listed = co_await std::move(listing);
    EXPECT_EQ(listed.value().size(), 3000U);
  });
}

TEST(directory, a_list_of_nothing_is_empty_and_of_a_file_an_error) {
  const temp_dir dir;
  EXPECT_EQ(run([&] { return directory::list(dir.path()); }).value().size(), 0U);
  EXPECT_EQ(outcome([&] { return directory::list(dir.make("f", "")); }),
            std::errc::not_a_directory);
  EXPECT_EQ(outcome([&] { return directory::list(dir.path() / "none"); }),
            std::errc::no_such_file_or_directory);
}

TEST(directory, an_empty_path_names_nothing) {
  const auto missing = std::errc::no_such_file_or_directory;
  EXPECT_EQ(outcome([] { return directory::create(""); }), missing);
  EXPECT_EQ(outcome([] { return directory::create_all(""); }), missing);
  EXPECT_EQ(outcome([] { return directory::remove(""); }), missing);
  EXPECT_EQ(outcome([] { return directory::list(""); }), missing);
  EXPECT_EQ(outcome([] { return file::info(""); }), missing);
  EXPECT_EQ(outcome([] { return file::remove(""); }), missing);
  EXPECT_EQ(outcome([] { return file::rename("", "/tmp/a"); }), missing);
  EXPECT_EQ(outcome([] { return file::hard_link("", "/tmp/a"); }), missing);
}

TEST(directory, a_nul_in_a_path_is_invalid_argument) {
  using std::string_literals::operator""s;
  const temp_dir dir;
  const fs::path bad = dir.path() / "a\0b"s;
  const auto invalid = std::errc::invalid_argument;
  EXPECT_EQ(outcome([&] { return directory::create(bad); }), invalid);
  EXPECT_EQ(outcome([&] { return directory::create_all(bad); }), invalid);
  EXPECT_EQ(outcome([&] { return directory::remove(bad); }), invalid);
  EXPECT_EQ(outcome([&] { return directory::list(bad); }), invalid);
  EXPECT_EQ(outcome([&] { return file::info(bad); }), invalid);
  EXPECT_EQ(outcome([&] { return file::remove(bad); }), invalid);
  EXPECT_EQ(outcome([&] { return file::rename(dir.make("f", ""), bad); }), invalid);
  EXPECT_EQ(outcome([&] { return file::symlink("f", bad); }), invalid);
  EXPECT_EQ(outcome([&] { return file::hard_link(dir.path() / "f", bad); }), invalid);
  EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), fs::directory_iterator()), 1);
}

}  // namespace
}  // namespace carousel
