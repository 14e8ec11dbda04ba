#include "copy/progress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/temp_dir.hpp"

// The line that shows how far a copy is, and the scan that knows what there is to do.

namespace carousel::tool {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::uint64_t mib = 1 << 20;

progress_figures half_done() {
  return {.files = 30,
          .bytes = 512 * mib,
          .total = {.files = 60, .bytes = 1024 * mib, .complete = true},
          .bytes_per_second = 64.0 * mib};
}

TEST(progress, a_wide_terminal_gets_everything) {
  const std::string line = progress_line(half_done(), 120);
  EXPECT_THAT(line, HasSubstr(" 50 %"));
  EXPECT_THAT(line, HasSubstr("[===================>                  ]"));
  EXPECT_THAT(line, HasSubstr("512 MiB of 1.0 GiB"));
  EXPECT_THAT(line, HasSubstr("30 of 60 files"));
  EXPECT_THAT(line, HasSubstr("64 MiB/s"));
  EXPECT_THAT(line, HasSubstr("0:08 left"));
}

TEST(progress, no_line_is_longer_than_the_terminal) {
  for (unsigned columns = 0; columns < 200; ++columns)
    EXPECT_LE(progress_line(half_done(), columns).size(), columns) << columns;
  EXPECT_EQ(progress_line(half_done(), 4), "");
  EXPECT_EQ(progress_line(half_done(), 5), " 50 %");
}

TEST(progress, while_the_scan_runs_there_is_no_share_and_no_end) {
  progress_figures now = half_done();
  now.total.complete = false;
  const std::string line = progress_line(now, 120);
  EXPECT_THAT(line, HasSubstr("? %"));
  EXPECT_THAT(line, HasSubstr("512 MiB of 1.0 GiB+"));
  EXPECT_THAT(line, HasSubstr("30 of 60+ files"));
  EXPECT_THAT(line, Not(HasSubstr("left")));
  EXPECT_THAT(line, Not(HasSubstr("[")));
}

TEST(progress, a_copy_of_empty_files_is_counted_by_files) {
  const progress_figures now{.files = 3, .total = {.files = 4, .bytes = 0, .complete = true}};
  EXPECT_THAT(progress_line(now, 80), HasSubstr(" 75 %"));
}

TEST(progress, more_than_was_scanned_is_not_more_than_everything) {
  progress_figures now = half_done();
  now.bytes = 2048 * mib;
  EXPECT_THAT(progress_line(now, 80), HasSubstr("100 %"));
  EXPECT_THAT(progress_line({.total = {.complete = true}}, 80), HasSubstr("100 %"));
}

TEST(progress, long_copies_have_hours) {
  progress_figures now = half_done();
  now.bytes_per_second = 0.1 * mib;
  EXPECT_THAT(progress_line(now, 120), HasSubstr("1:25:20 left"));
}

TEST(tree_scan, counts_files_links_and_bytes) {
  const test::temp_dir dir;
  (void)dir.make("a", std::string(10'000, 'x'));
  std::filesystem::create_directories(dir.path() / "d" / "e");
  (void)dir.make("d/e/b", std::string(20'000, 'x'));
  std::filesystem::create_symlink("nowhere", dir.path() / "d" / "link");
  std::filesystem::create_hard_link(dir.path() / "a", dir.path() / "d" / "again");
  const tree_scan scan({dir.path().string()}, false);
  while (!scan.totals().complete) std::this_thread::yield();
  EXPECT_EQ(scan.totals().files, 3U);
  EXPECT_EQ(scan.totals().bytes, 30'000U);
}

}  // namespace
}  // namespace carousel::tool
