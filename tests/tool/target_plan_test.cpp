#include "copy/target_plan.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "support/temp_dir.hpp"

// What a copy does about what has its name at the target.

namespace carousel::tool {
namespace {

using step = target_plan::step;

/// A directory that others have filled, where `name` is looked up.
class target_plan_test : public testing::Test {
 protected:
  target_plan_test()
      : dir_(std::filesystem::path("/var/tmp")),
        fd_(::open(dir_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}
  ~target_plan_test() override { ::close(fd_); }

  [[nodiscard]] std::string at(const std::string& name) const { return dir_.path() / name; }
  [[nodiscard]] identity id(const std::string& name) const {
    struct stat about{};
    EXPECT_EQ(::lstat(at(name).c_str(), &about), 0);
    return identity_of(about);
  }
  [[nodiscard]] target_plan plan(const std::string& name, identity source = {}) const {
    return plan_for_target(fd_, name.c_str(), {source, keeps_others_, just_made_, type_});
  }
  /// The plan's refusal of a target that is called T.
  [[nodiscard]] std::string refusal(const std::string& name, identity source = {}) const {
    const target_plan made = plan(name, source);
    EXPECT_EQ(made.next, step::refuse);
    return (made.why.about == side::source ? "source " : "target ") + made.why.sentence("'T'");
  }
  /// False where it cannot be set: by a user, or on a file system without such flags.
  [[nodiscard]] bool set_flags(const std::string& name, int flags) const {
    const int fd = ::open(at(name).c_str(), O_RDONLY | O_CLOEXEC);
    const bool set = ::ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0;
    ::close(fd);
    return set;
  }

  test::temp_dir dir_;
  int fd_;
  bool keeps_others_ = false;
  unsigned type_ = S_IFREG;  ///< of the source
  identities just_made_;
};

TEST_F(target_plan_test, a_free_name_is_taken) {
  const target_plan made = plan("nothing");
  EXPECT_EQ(made.next, step::make);
  EXPECT_FALSE(made.replaced);
}

TEST_F(target_plan_test, a_file_is_replaced_and_known) {
  (void)dir_.make("file", "old");
  const target_plan made = plan("file");
  EXPECT_EQ(made.next, step::replace);
  ASSERT_TRUE(made.replaced);
  EXPECT_EQ(identity_of(*made.replaced), id("file"));
}

TEST_F(target_plan_test, a_link_is_replaced_and_nothing_is_like_it) {
  (void)dir_.make("file", "old");
  std::filesystem::create_symlink("file", at("link"));
  std::filesystem::create_symlink("nowhere", at("dangling"));
  for (const char* name : {"link", "dangling"}) {
    const target_plan made = plan(name);
    EXPECT_EQ(made.next, step::replace) << name;
    EXPECT_FALSE(made.replaced) << name;
  }
}

TEST_F(target_plan_test, the_source_itself_is_refused_under_each_of_its_names) {
  (void)dir_.make("file", "content");
  std::filesystem::create_hard_link(at("file"), at("hard"));
  std::filesystem::create_symlink("file", at("soft"));
  for (const char* name : {"file", "hard", "soft"})
    EXPECT_EQ(refusal(name, id("file")), "source is the same file as 'T'") << name;
}

TEST_F(target_plan_test, a_directory_is_refused) {
  std::filesystem::create_directory(at("directory"));
  EXPECT_EQ(refusal("directory"), "target is a directory, which is not replaced");
}

TEST_F(target_plan_test, what_this_run_has_made_is_refused) {
  (void)dir_.make("first", "content");
  just_made_.insert(id("first"));
  EXPECT_EQ(refusal("first"), "source would overwrite 'T', which was just made");
  keeps_others_ = true;
  EXPECT_EQ(plan("first").next, step::refuse);
}

TEST_F(target_plan_test, what_others_made_is_kept_when_that_was_asked) {
  keeps_others_ = true;
  (void)dir_.make("file", "old");
  std::filesystem::create_symlink("nowhere", at("dangling"));
  std::filesystem::create_directory(at("directory"));
  EXPECT_EQ(plan("file").next, step::keep);
  EXPECT_EQ(plan("file", id("file")).next, step::keep);
  EXPECT_EQ(plan("dangling").next, step::keep);
  EXPECT_EQ(plan("directory").next, step::keep);
  EXPECT_EQ(plan("nothing").next, step::make);
}

TEST_F(target_plan_test, what_is_no_file_is_refused_behind_a_link_too) {
  ASSERT_EQ(::mkfifo(at("fifo").c_str(), 0600), 0);
  std::filesystem::create_symlink("fifo", at("link"));
  for (const char* name : {"fifo", "link"})
    EXPECT_NE(refusal(name).find("target is a device, a FIFO or a socket"), std::string::npos)
        << name;
}

TEST_F(target_plan_test, a_link_replaces_a_link_wherever_that_leads) {
  std::filesystem::create_directory(at("directory"));
  ASSERT_EQ(::mkfifo(at("fifo").c_str(), 0600), 0);
  for (const char* to : {"directory", "fifo", "nowhere"}) {
    std::filesystem::create_symlink(to, at("link"));
    type_ = S_IFLNK;
    EXPECT_EQ(plan("link").next, step::replace) << to;
    std::filesystem::remove(at("link"));
  }
  EXPECT_EQ(refusal("directory"), "target is a directory, which is not replaced");
  EXPECT_NE(refusal("fifo").find("target is a device, a FIFO or a socket"), std::string::npos);
}

TEST_F(target_plan_test, a_special_file_replaces_files_links_and_its_own_kind) {
  (void)dir_.make("file", "old");
  std::filesystem::create_directory(at("directory"));
  std::filesystem::create_symlink("directory", at("link"));
  ASSERT_EQ(::mkfifo(at("fifo").c_str(), 0600), 0);
  type_ = S_IFIFO;
  for (const char* name : {"file", "link", "fifo"})
    EXPECT_EQ(plan(name).next, step::replace) << name;
  EXPECT_EQ(refusal("directory"), "target is a directory, which is not replaced");
  for (const mode_t other : {mode_t{S_IFREG}, mode_t{S_IFLNK}, mode_t{S_IFSOCK}, mode_t{S_IFCHR}}) {
    type_ = other;
    EXPECT_NE(refusal("fifo").find("target is a device, a FIFO or a socket"), std::string::npos);
  }
}

TEST_F(target_plan_test, a_file_does_not_replace_a_link_to_a_directory) {
  std::filesystem::create_directory(at("directory"));
  std::filesystem::create_symlink("directory", at("link"));
  EXPECT_EQ(refusal("link"), "target is a link to a directory, which is not replaced by a file");
}

TEST_F(target_plan_test, a_directory_that_is_immutable_says_what_to_do) {
  EXPECT_EQ(lock_of(fd_), "");
  if (!set_flags("", FS_IMMUTABLE_FL)) GTEST_SKIP() << "no such flag can be set here";
  const std::string said(lock_of(fd_));
  ASSERT_TRUE(set_flags("", 0));
  EXPECT_NE(said.find("its directory is immutable; `chattr -i`"), std::string::npos);
}

TEST_F(target_plan_test, a_file_that_is_locked_is_refused_with_what_to_do) {
  (void)dir_.make("file", "old");
  if (!set_flags("file", FS_IMMUTABLE_FL)) GTEST_SKIP() << "no such flag can be set here";
  EXPECT_NE(refusal("file").find("is immutable; `chattr -i`"), std::string::npos);
  ASSERT_TRUE(set_flags("file", FS_APPEND_FL));
  EXPECT_NE(refusal("file").find("is append-only; `chattr -a`"), std::string::npos);
  ASSERT_TRUE(set_flags("file", 0));
  EXPECT_EQ(plan("file").next, step::replace);
}

TEST_F(target_plan_test, a_file_in_an_append_only_directory_is_written_in_place) {
  (void)dir_.make("file", "old");
  std::filesystem::create_symlink("file", at("link"));
  if (!set_flags("", FS_APPEND_FL)) GTEST_SKIP() << "no such flag can be set here";
  const target_plan made = plan("file");
  EXPECT_NE(refusal("link").find("an append-only directory; `chattr -a`"), std::string::npos);
  ASSERT_TRUE(set_flags("", 0));
  EXPECT_EQ(made.next, step::write_in_place);
  EXPECT_EQ(made.in_place_because, "the directory is append-only");
  EXPECT_TRUE(made.replaced);
}

}  // namespace
}  // namespace carousel::tool
