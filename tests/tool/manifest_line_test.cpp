#include "common/manifest_line.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

// Lines of a manifest, written and read.

namespace carousel::tool {
namespace {

const std::string sha(64, 'a');
const std::string xxh(32, '0');

TEST(manifest_line, a_name_is_as_it_is_where_it_can_be) {
  EXPECT_EQ(manifest_text("00ff", "a b*c\td"), "00ff  a b*c\td\n");
}

TEST(manifest_line, ends_of_lines_and_backslashes_are_escaped) {
  EXPECT_EQ(manifest_text("00ff", "a\nb"), "\\00ff  a\\nb\n");
  EXPECT_EQ(manifest_text("00ff", "a\\b\r"), "\\00ff  a\\\\b\\r\n");
}

TEST(manifest_line, a_dash_is_no_stdin) {
  EXPECT_EQ(manifest_text("00ff", "-"), "00ff  ./-\n");
  EXPECT_EQ(manifest_text("00ff", "-a"), "00ff  -a\n");
}

TEST(manifest_line, what_was_written_is_read) {
  for (const std::string name : {"plain", " two  spaces ", "*star", "a\nb", "\\n", "\r", "\\"}) {
    std::string text = manifest_text(sha, name);
    text.pop_back();
    const auto line = read_manifest_line(text);
    ASSERT_TRUE(line) << text;
    EXPECT_EQ(line->name, name);
    EXPECT_EQ(line->hash, sha);
    EXPECT_EQ(line->kind, hash_kind::sha256);
  }
}

TEST(manifest_line, the_length_of_the_hash_tells_its_kind) {
  EXPECT_EQ(read_manifest_line(xxh + "  a")->kind, hash_kind::xxh128);
  EXPECT_EQ(read_manifest_line(sha + " *a")->name, "a");
}

TEST(manifest_line, what_is_none_is_not_taken) {
  for (const std::string& text : {std::string(), std::string("nonsense"), sha, sha + "  ",
                                  sha + " a", sha + "a  a", std::string(64, 'G') + "  a",
                                  "\\" + sha + "  a\\x", "\\" + sha + "  a\\", std::string("  a")})
    EXPECT_FALSE(read_manifest_line(text)) << text;
}

}  // namespace
}  // namespace carousel::tool
