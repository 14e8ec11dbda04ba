#include "copy/name_claims.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "support/temp_dir.hpp"

// What names are to a directory before a copy comes. Directories that fold names are in
// copy_folding_test.sh.

namespace carousel::tool {
namespace {

class name_claims_test : public testing::Test {
 protected:
  name_claims_test()
      : dir_(std::filesystem::path("/var/tmp")),
        fd_(::open(dir_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}
  ~name_claims_test() override { ::close(fd_); }
  [[nodiscard]] name_claims claims(const std::vector<std::string>& names) const {
    return name_claims::ask(fd_, names.size(), [&](std::size_t i) { return names[i].c_str(); })
        .value();
  }

  test::temp_dir dir_;
  int fd_;
};

TEST_F(name_claims_test, a_name_is_free_or_was_there) {
  (void)dir_.make("there", "");
  std::filesystem::create_symlink("nowhere", dir_.path() / "dangling");
  const name_claims found = claims({"there", "free", "dangling"});
  EXPECT_FALSE(found.of(0).was_free);
  EXPECT_TRUE(found.of(1).was_free);
  EXPECT_FALSE(found.of(2).was_free);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(found.of(i).rival, "");
}

TEST_F(name_claims_test, names_of_one_file_that_are_all_listed_are_no_rivals) {
  (void)dir_.make("a", "");
  std::filesystem::create_hard_link(dir_.path() / "a", dir_.path() / "b");
  const name_claims found = claims({"a", "b"});
  EXPECT_EQ(found.of(0).rival, "");
  EXPECT_EQ(found.of(1).rival, "");
}

TEST_F(name_claims_test, names_that_are_one_entry_leave_it_to_the_first) {
  // "." is no entry that a copy could have, but it is one that has another name.
  std::filesystem::create_directory(dir_.path() / "sub");
  const name_claims found = claims({"sub", "free", "sub/.", "sub/./."});
  EXPECT_EQ(found.of(0).rival, "");
  EXPECT_EQ(found.of(2).rival, "sub");
  EXPECT_EQ(found.of(3).rival, "sub");
}

TEST_F(name_claims_test, of_free_names_that_may_be_one_the_later_waits) {
  const name_claims found = claims({"README", "other", "readme", "x\u00e9", "x\u00c9", "Readme"});
  EXPECT_FALSE(found.of(0).comes_late);
  EXPECT_FALSE(found.of(1).comes_late);
  EXPECT_TRUE(found.of(2).comes_late);
  EXPECT_FALSE(found.of(3).comes_late);
  EXPECT_TRUE(found.of(4).comes_late);
  EXPECT_TRUE(found.of(5).comes_late);
}

TEST_F(name_claims_test, without_questions_nothing_is_claimed) {
  const name_claims none;
  EXPECT_FALSE(none.of(7).was_free);
  EXPECT_EQ(none.of(7).rival, "");
}

TEST_F(name_claims_test, an_entry_is_spelt_as_it_is_listed) {
  (void)dir_.make("name", "");
  EXPECT_EQ(spelling_of(fd_, "./name"), "name");
  EXPECT_EQ(spelling_of(fd_, "name"), "name");
  EXPECT_EQ(spelling_of(fd_, "missing"), "missing");
}

TEST_F(name_claims_test, file_systems_that_compare_bytes_are_known) {
  const int proc = ::open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  EXPECT_TRUE(may_fold_names(proc));
  ::close(proc);
  const int memory = ::open("/dev/shm", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_GE(memory, 0);
  EXPECT_FALSE(may_fold_names(memory));
  ::close(memory);
}

}  // namespace
}  // namespace carousel::tool
