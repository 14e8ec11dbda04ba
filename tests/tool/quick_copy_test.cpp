#include "copy/quick_copy.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "carousel/carousel.hpp"
#include "copy/attributes.hpp"
#include "copy/file_report.hpp"
#include "copy/kernel_copy.hpp"
#include "support/temp_dir.hpp"

// Small files of a new directory, copied by few calls or left as they are.

namespace carousel::tool {
namespace {

namespace fs = std::filesystem;

/// Of a directory whose file system has files without names. Parameter: where that is.
class quick_copy_test : public testing::TestWithParam<const char*> {
 protected:
  quick_copy_test() : from_(fs::path(GetParam())), to_(fs::path(GetParam())) {
    options_.archive = true;
    where_ = std::make_shared<place>(nullptr, opened(from_), opened(to_));
    struct stat about{};
    EXPECT_EQ(::fstat(where_->source.fd(), &about), 0);
    where_->source_id = where_->target_id = identity_of(about);
    where_->fresh = true;
  }
  void SetUp() override {
    if (!quick_copy::trusts(where_->source.fd(), where_->target.fd()))
      GTEST_SKIP() << GetParam() << " is on a file system that is not known";
  }

  static directory opened(const test::temp_dir& at) {
    return directory::from_fd(::open(at.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  [[nodiscard]] file_job job(const std::string& name) const {
    file_job made{where_, {where_->source, where_->target}, name, name, {.was_free = true}};
    made.said = std::make_shared<file_report>(false);
    return made;
  }
  [[nodiscard]] quick_copy quick() { return {options_, job(""), room_, refused_}; }
  /// Whether it was copied; else nothing has its name.
  [[nodiscard]] bool copies(const std::string& name) {
    const bool copied = quick().copy(job(name)).has_value();
    EXPECT_EQ(fs::exists(fs::symlink_status(to_.path() / name)), copied);
    return copied;
  }

  copy_options options_;
  test::temp_dir from_;
  test::temp_dir to_;
  std::shared_ptr<place> where_;
  std::array<std::byte, 16384> room_{};
  refused_reflink refused_;
};
INSTANTIATE_TEST_SUITE_P(places, quick_copy_test, testing::Values("/var/tmp", "/dev/shm"),
                         [](const auto& of) { return std::string(of.param).substr(1, 3); });

TEST_P(quick_copy_test, an_ordinary_file_has_its_content_and_attributes_with_its_name) {
  const std::string content(9000, 'x');
  const fs::path source = from_.make("a", content);
  ASSERT_EQ(::chmod(source.c_str(), 0640), 0);
  const std::array<timespec, 2> times{timespec{1000, 5}, timespec{2000, 7}};
  ASSERT_EQ(::utimensat(AT_FDCWD, source.c_str(), times.data(), 0), 0);
  const auto copied = quick().copy(job("a"));
  ASSERT_TRUE(copied.has_value());
  EXPECT_EQ(copied->size, content.size());
  struct stat made{};
  ASSERT_EQ(::stat((to_.path() / "a").c_str(), &made), 0);
  EXPECT_EQ(made.st_mode & 07777U, 0640U);
  EXPECT_EQ(made.st_mtim.tv_sec, 2000);
  EXPECT_EQ(made.st_mtim.tv_nsec, 7);
  std::string read(content.size() + 1, '\0');
  const int fd = ::open((to_.path() / "a").c_str(), O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(::read(fd, read.data(), read.size()), static_cast<ssize_t>(content.size()));
  ::close(fd);
  EXPECT_EQ(read.substr(0, content.size()), content);
}

TEST_P(quick_copy_test, a_file_that_the_umask_takes_bits_from_gets_them_back) {
  for (const mode_t mode : {0666U, 0777U, 04755U}) {
    const std::string name = std::to_string(mode);
    ASSERT_EQ(::chmod(from_.make(name, "x").c_str(), mode), 0);
  }
  quick_copy all = quick();
  for (const mode_t mode : {0666U, 0777U, 04755U}) {
    const std::string name = std::to_string(mode);
    ASSERT_TRUE(all.copy(job(name)).has_value());
    struct stat made{};
    ASSERT_EQ(::stat((to_.path() / name).c_str(), &made), 0);
    EXPECT_EQ(made.st_mode & 07777U, mode);
  }
}

TEST_P(quick_copy_test, an_empty_file_is_copied) {
  (void)from_.make("empty", "");
  EXPECT_TRUE(copies("empty"));
}

TEST_P(quick_copy_test, what_is_not_ordinary_is_left) {
  (void)from_.make("twice", "x");
  fs::create_hard_link(from_.path() / "twice", from_.path() / "again");
  (void)from_.make("long", std::string(room_.size() + 1, 'x'));
  fs::resize_file(from_.make("holes", "x"), 8192);
  fs::create_symlink("long", from_.path() / "link");
  fs::create_directory(from_.path() / "directory");
  ASSERT_EQ(::mkfifo((from_.path() / "fifo").c_str(), 0600), 0);
  for (const char* name : {"twice", "again", "long", "holes", "link", "directory", "fifo", "none"})
    EXPECT_FALSE(copies(name)) << name;
}

TEST_P(quick_copy_test, without_hard_links_a_name_of_several_is_copied) {
  (void)from_.make("twice", "x");
  fs::create_hard_link(from_.path() / "twice", from_.path() / "again");
  options_.archive = false;
  EXPECT_TRUE(copies("twice"));
  EXPECT_TRUE(copies("again"));
}

TEST_P(quick_copy_test, what_has_come_to_the_name_stays) {
  (void)from_.make("a", "new");
  (void)to_.make("a", "old");
  EXPECT_FALSE(quick().copy(job("a")).has_value());
  EXPECT_EQ(fs::file_size(to_.path() / "a"), 3U);
  EXPECT_EQ(std::distance(fs::directory_iterator(to_.path()), fs::directory_iterator()), 1);
}

TEST_P(quick_copy_test, after_many_that_were_left_the_rest_is_in_vain) {
  quick_copy all = quick();
  (void)from_.make("there", "x");
  for (int i = 0; i < 7; ++i) EXPECT_FALSE(all.copy(job("none")).has_value());
  EXPECT_TRUE(all.copy(job("there")).has_value());
  for (int i = 0; i < 7; ++i) EXPECT_FALSE(all.copy(job("none")).has_value());
  EXPECT_FALSE(all.is_in_vain());
  EXPECT_FALSE(all.copy(job("none")).has_value());
  EXPECT_TRUE(all.is_in_vain());
}

TEST_P(quick_copy_test, that_nothing_is_shared_is_asked_once) {
  (void)from_.make("a", "x");
  (void)from_.make("b", "x");
  const auto first = quick().copy(job("a"));
  ASSERT_TRUE(first.has_value());
  if (first->way.taken == content_way::reflink) GTEST_SKIP() << "storage is shared there";
  EXPECT_EQ(refused_.error, EOPNOTSUPP);
  refused_.error = EXDEV;  // what is remembered is said
  const auto second = quick().copy(job("b"));
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->way.reflink_error, EXDEV);
}

TEST(quick_copies, do_no_more_than_copy) {
  copy_options options;
  EXPECT_TRUE(quick_copy::suits(options));
  std::vector<copy_options> more(6, options);
  more[0].verify = true;
  more[1].manifest_file = "sums";
  more[2].sync = sync_wish::data;
  more[3].bytes_per_second = 1;
  more[4].dry_run = true;
  more[5].reflink = reflink_wish::always;
  for (const copy_options& one : more) EXPECT_FALSE(quick_copy::suits(one));
}

TEST(quick_copies, on_tmpfs_go_from_page_to_page) {
  const test::temp_dir memory{fs::path("/dev/shm")};
  const test::temp_dir other{fs::path("/var/tmp")};
  const int here = ::open(memory.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const int there = ::open(other.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  EXPECT_TRUE(is_one_memory(here, here));
  EXPECT_FALSE(is_one_memory(here, there));
  EXPECT_FALSE(is_one_memory(there, here));
  ::close(here);
  ::close(there);
}

}  // namespace
}  // namespace carousel::tool
