#include "doctor/direct_io.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <sstream>
#include <string>

#include "common/mount_entry.hpp"

// What `carousel doctor` says of direct I/O, from facts that no single machine has.

namespace carousel::tool {
namespace {

using testing::HasSubstr;

direct_facts on(const std::string& type, direct_alignment told = {}) {
  return {.path = "P", .type = type, .told = told, .block_bytes = 4096, .kernel = {6, 18}};
}

TEST(judge_direct, what_the_kernel_tells_is_believed) {
  const finding has = judge_direct(on("ext4", {true, 512, 4096}));
  EXPECT_EQ(has.status, health::ok);
  EXPECT_EQ(has.fact, "'P' (ext4) has it; alignment: memory 512, offsets and lengths 4096");
  const finding none = judge_direct(on("ext4", {true, 0, 0}));
  EXPECT_EQ(none.status, health::warn);
  EXPECT_THAT(none.fact, HasSubstr("has none: O_DIRECT is taken there"));
}

TEST(judge_direct, a_file_that_was_opened_proves_nothing) {
  for (const char* type : {"9p", "exfat", ""}) {
    const finding f = judge_direct(on(type));
    EXPECT_EQ(f.status, health::warn) << type;
    EXPECT_THAT(f.fact, HasSubstr("proves nothing")) << type;
  }
  EXPECT_THAT(judge_direct(on("fuse.sshfs")).fact, HasSubstr("the matter of a program"));
  EXPECT_EQ(judge_direct(on("fuse.sshfs")).status, health::warn);
}

TEST(judge_direct, btrfs_with_checksums_buffers_what_is_written_from_6_15_to_7_2) {
  direct_facts found = on("btrfs");
  found.checksums = true;
  for (const std::pair<int, int>& kernel : {std::pair(6, 15), std::pair(6, 18), std::pair(7, 2)}) {
    found.kernel = kernel;
    EXPECT_EQ(judge_direct(found).status, health::warn);
    EXPECT_THAT(judge_direct(found).fact, HasSubstr("writes such files through the page cache"));
  }
  found.kernel = {6, 14};
  EXPECT_EQ(judge_direct(found).status, health::ok);
  found.kernel = {7, 3};
  EXPECT_EQ(judge_direct(found).status, health::ok);
  EXPECT_THAT(judge_direct(found).fact, HasSubstr("each direct write is copied once"));
  found.kernel = {6, 18};
  found.checksums = false;
  EXPECT_EQ(judge_direct(found).status, health::ok);
  EXPECT_THAT(judge_direct(found).fact, HasSubstr("multiples of its blocks, 4096 bytes"));
}

TEST(judge_direct, xfs_copies_from_7_0_where_the_device_wants_stable_pages) {
  direct_facts found = on("xfs", {true, 4, 512});
  found.stable_pages = true;
  EXPECT_THAT(judge_direct(found).fact, Not(HasSubstr("stable")));
  found.kernel = {7, 0};
  EXPECT_THAT(judge_direct(found).fact, HasSubstr("stable pages"));
  found.stable_pages = false;
  EXPECT_THAT(judge_direct(found).fact, Not(HasSubstr("stable")));
}

TEST(judge_direct, memory_has_nothing_to_be_direct_to) {
  EXPECT_EQ(judge_direct(on("tmpfs")).status, health::warn);
  EXPECT_THAT(judge_direct(on("tmpfs")).fact, HasSubstr("changes nothing"));
}

TEST(judge_direct, a_refusal_is_one) {
  direct_facts found = on("ramfs");
  found.refused = EINVAL;
  EXPECT_EQ(judge_direct(found).fact, "'P' (ramfs) refuses it");
}

TEST(judge_direct, of_nfs_only_this_end_is_known) {
  EXPECT_EQ(judge_direct(on("nfs4")).status, health::ok);
  EXPECT_THAT(judge_direct(on("nfs4")).fact, HasSubstr("what the server does is not known"));
}

TEST(judge_direct, kernels_before_6_1_do_not_tell) {
  direct_facts found = on("ext4");
  found.kernel = {5, 15};
  EXPECT_THAT(judge_direct(found).fact, HasSubstr("does not tell"));
  EXPECT_THAT(judge_direct(found).fix, HasSubstr("6.1"));
}

TEST(judge_direct, an_overlay_is_what_lies_beneath) {
  direct_facts found = on("btrfs");
  found.layered = true;
  found.checksums = true;
  EXPECT_THAT(judge_direct(found).fact, HasSubstr("'P' (btrfs beneath overlayfs) has checksums"));
  found.type.clear();
  EXPECT_THAT(judge_direct(found).fact,
              HasSubstr("'P' (overlayfs) takes it, which proves nothing"));
}

TEST(judge_direct, no_file_system_is_recommended) {
  for (const char* type : {"ext4", "btrfs", "tmpfs", "fuse", "9p"})
    for (const direct_alignment told : {direct_alignment{}, direct_alignment{true, 0, 0}}) {
      direct_facts found = on(type, told);
      found.checksums = true;
      const std::string fix = judge_direct(found).fix;
      for (const char* name : {"ext4", "XFS", "Btrfs"}) EXPECT_THAT(fix, Not(HasSubstr(name)));
      EXPECT_NE(fix, "");
    }
}

TEST(mount_entries, are_read_with_their_escapes_and_optional_fields) {
  std::istringstream text(
      "36 35 98:0 /a\\040b /mnt\\134x rw,noatime master:1 shared:2 - ext4 /dev/root rw,errors=x\n"
      "no line at all\n"
      "37 35 0:5 / /plain rw - overlay overlay rw,upperdir=/u,nodatasum\n");
  const auto found = read_mounts(text);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].id, 36U);
  EXPECT_EQ(found[0].root, "/a b");
  EXPECT_EQ(found[0].at, "/mnt\\x");
  EXPECT_EQ(found[0].type, "ext4");
  EXPECT_EQ(found[1].at, "/plain");
  EXPECT_EQ(mount_option(found[1].options, "upperdir"), "/u");
  EXPECT_EQ(mount_option(found[1].options, "nodatasum"), "");
  EXPECT_EQ(mount_option(found[1].options, "upper"), std::nullopt);
}

}  // namespace
}  // namespace carousel::tool
