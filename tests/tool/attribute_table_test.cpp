#include "copy/attribute_table.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <string>

#include "copy/access_list.hpp"
#include "copy/extended_attributes.hpp"

// What becomes of attributes, as data.

namespace carousel::tool {
namespace {

std::string as_markdown() {
  std::string table;
  for (const attribute_row& row : attribute_table()) {
    table += fmt::format("| {} | {} |", row.name, row.of);
    for (const fate f : row.fates) table += fmt::format(" {} |", fate_name(f));
    table += '\n';
  }
  return table;
}

std::string headings() {
  std::string line = "| attribute | of |";
  for (std::size_t i = 0; i < causes; ++i)
    line += fmt::format(" {} |", cause_name(static_cast<cause>(i)));
  return line;
}

TEST(attribute_table, each_attribute_is_at_its_place) {
  for (std::size_t i = 0; i < attribute_table().size(); ++i)
    EXPECT_EQ(static_cast<std::size_t>(attribute_table()[i].what), i);
  EXPECT_EQ(static_cast<std::size_t>(attribute::system), attribute_table().size() - 1);
}

TEST(attribute_table, the_documents_have_it) {
  std::ostringstream text;
  text << std::ifstream(CAROUSEL_DOCS "/attributes.md").rdbuf();
  EXPECT_NE(text.str().find(headings() + "\n"), std::string::npos) << headings();
  EXPECT_NE(text.str().find("--- |\n" + as_markdown() + "\n"), std::string::npos)
      << "it should be:\n"
      << as_markdown();
}

TEST(attribute_table, errors_are_told_apart_by_what_can_be_done) {
  EXPECT_EQ(cause_of(attribute::mode, EPERM, false), cause::denied_to_a_user);
  EXPECT_EQ(cause_of(attribute::mode, EPERM, true), cause::denied_to_root);
  EXPECT_EQ(cause_of(attribute::owner, EINVAL, true), cause::denied_to_root);
  EXPECT_EQ(cause_of(attribute::extended, EINVAL, true), cause::failed);
  EXPECT_EQ(cause_of(attribute::extended, ENOSYS, true), cause::unsupported);
  EXPECT_EQ(cause_of(attribute::extended, E2BIG, true), cause::too_large);
  EXPECT_EQ(cause_of(attribute::times, EROFS, true), cause::failed);
}

TEST(attribute_table, a_note_says_what_is_not_kept_and_why) {
  // More privileges than those of root there are not.
  const std::string denied = ::geteuid() == 0 ? "that is refused" : "that needs more privileges";
  EXPECT_EQ((attribute_loss{attribute::owner, EPERM}.sentence()), "owners are not kept: " + denied);
  EXPECT_EQ((attribute_loss{attribute::extended, ENOTSUP, "user.a"}.sentence()),
            "extended attributes user.* are not kept: the file system does not take them");
  EXPECT_EQ((attribute_loss{attribute::extended, EPERM, "security.a"}.sentence()),
            "extended attributes 'security.a' are not kept: " + denied);
  EXPECT_EQ((attribute_loss{attribute::extended_removal, ENOTSUP, "user.a"}.sentence()),
            "extended attributes user.* are not removed: the file system does not do that");
  EXPECT_EQ((attribute_loss{attribute::system, ENOTSUP, "system.nfs4_acl"}.sentence()),
            "the extended attribute 'system.nfs4_acl' is not kept: it is what a file system shows "
            "of itself");
}

TEST(attribute_table, an_error_says_what_was_tried) {
  EXPECT_EQ((attribute_loss{attribute::mode, EIO}.doing()), "keep the mode of");
  EXPECT_EQ((attribute_loss{attribute::extended, EIO, "user.a b"}.doing()),
            "keep the extended attribute 'user.a b' of");
  EXPECT_EQ((attribute_loss{attribute::extended_removal, EIO, "user.a"}.doing()),
            "remove the extended attribute 'user.a', which its source has not, of");
}

TEST(extended_attributes, what_file_systems_keep_for_themselves_stays_behind) {
  for (const char* name :
       {"trusted.SGI_ACL_FILE", "trusted.SGI_ACL_DEFAULT", "trusted.SGI_DMI_x", "security.evm",
        "system.posix_acl_access", "trusted.overlay.origin", "xfsroot.x", "user.Beagle.x"})
    EXPECT_TRUE(stays_behind(name)) << name;
  for (const char* name : {"trusted.SGI_ACL_FILE2", "security.ima", "security.capability",
                           "trusted.overlay.opaque", "user.Beagle", "btrfs.compression", "user.x"})
    EXPECT_FALSE(stays_behind(name)) << name;
}

/// The value of the extended attribute, from tags, permissions and users.
std::vector<char> list_of(std::initializer_list<std::array<unsigned, 3>> entries) {
  std::vector<char> bytes{2, 0, 0, 0};
  for (const auto& [tag, may, who] : entries) {
    for (const unsigned part : {tag, may}) {
      bytes.push_back(static_cast<char>(part & 0xffU));
      bytes.push_back(static_cast<char>(part >> 8U));
    }
    for (unsigned i = 0; i < 4; ++i) bytes.push_back(static_cast<char>(who >> (8 * i) & 0xffU));
  }
  return bytes;
}
constexpr unsigned owner = 1, user = 2, own_group = 4, group = 8, mask = 16, others = 32;

TEST(access_list, its_mask_is_no_permission_of_the_group) {
  const auto list =
      list_of({{owner, 6, 0}, {user, 7, 1234}, {own_group, 0, 0}, {mask, 7, 0}, {others, 0, 0}});
  EXPECT_EQ(mode_without_list(0670, list), 0600U);
}

TEST(access_list, the_mask_limits_the_group) {
  const auto list =
      list_of({{owner, 7, 0}, {user, 7, 1234}, {own_group, 7, 0}, {mask, 4, 0}, {others, 4, 0}});
  EXPECT_EQ(mode_without_list(0744, list), 0744U);
}

TEST(access_list, who_was_denied_something_is_denied_it_still) {
  const auto one =
      list_of({{owner, 6, 0}, {user, 0, 1234}, {own_group, 4, 0}, {mask, 4, 0}, {others, 4, 0}});
  EXPECT_EQ(mode_without_list(04644, one), 04600U);
  const auto members =
      list_of({{owner, 6, 0}, {own_group, 4, 0}, {group, 0, 1234}, {mask, 4, 0}, {others, 4, 0}});
  EXPECT_EQ(mode_without_list(0644, members), 0640U);
}

TEST(access_list, one_that_cannot_be_read_lets_nobody_in) {
  EXPECT_EQ(mode_without_list(01777, {}), 01700U);
}

}  // namespace
}  // namespace carousel::tool
