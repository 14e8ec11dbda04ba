#include "common/naming.hpp"

#include <gtest/gtest.h>

#include <string>

// How the program speaks of names, and takes paths apart.

namespace carousel::tool {
namespace {

using std::string_literals::operator""s;

TEST(naming, what_shows_as_itself_is_in_plain_quotes) {
  EXPECT_EQ(shell_quoted("name"), "'name'");
  EXPECT_EQ(shell_quoted(""), "''");
  EXPECT_EQ(shell_quoted("two words"), "'two words'");
  EXPECT_EQ(shell_quoted("\u00fc\u20ac\U0001F600"), "'\u00fc\u20ac\U0001F600'");
  EXPECT_EQ(shell_quoted("back\\slash"), "'back\\slash'");
}

TEST(naming, what_does_not_is_escaped_as_a_shell_reads_it) {
  EXPECT_EQ(shell_quoted("a\nb"), "$'a\\nb'");
  EXPECT_EQ(shell_quoted("it's"), "$'it\\'s'");
  EXPECT_EQ(shell_quoted("\\\n"), "$'\\\\\\n'");
  EXPECT_EQ(shell_quoted("\x1b[31m"), "$'\\033[31m'");
  EXPECT_EQ(shell_quoted("a\0b"s), "$'a\\000b'");
  EXPECT_EQ(shell_quoted("\xff"), "$'\\377'");
}

TEST(naming, only_well_formed_text_shows_as_itself) {
  EXPECT_EQ(shell_quoted("\xc3"), "$'\\303'");                    // cut off
  EXPECT_EQ(shell_quoted("\xc0\xaf"), "$'\\300\\257'");           // overlong
  EXPECT_EQ(shell_quoted("\xed\xa0\x80"), "$'\\355\\240\\200'");  // a surrogate
  EXPECT_EQ(shell_quoted("\u0085"), "$'\\302\\205'");             // a control
  EXPECT_EQ(shell_quoted("\u202e"), "$'\\342\\200\\256'");        // turns the text around
}

TEST(naming, a_path_is_a_directory_and_a_name) {
  const auto is = [](const char* path, const char* directory, const char* name) {
    const split_name parts = split(path);
    return parts.directory == directory && parts.name == name;
  };
  EXPECT_TRUE(is("name", "", "name"));
  EXPECT_TRUE(is("a/b/name", "a/b/", "name"));
  EXPECT_TRUE(is("/name", "/", "name"));
  EXPECT_TRUE(is("a/b/", "a/", "b/"));
  EXPECT_TRUE(is("a//", "", "a//"));
  EXPECT_TRUE(is("/", "/", "."));
  EXPECT_TRUE(is("..", "", ".."));
  EXPECT_TRUE(is("", "", ""));
}

TEST(naming, names_that_no_copy_can_have) {
  EXPECT_TRUE(names_no_child("."));
  EXPECT_TRUE(names_no_child("../"));
  EXPECT_FALSE(names_no_child("..."));
  EXPECT_FALSE(names_no_child("a"));
}

TEST(naming, a_temporary_name_is_short_enough_and_its_own) {
  const std::string longest(255, 'x');
  EXPECT_LE(temporary_name(longest).size(), 143U);
  std::string umlauts = "x";
  for (int i = 0; i < 100; ++i) umlauts += "\u00fc";
  EXPECT_EQ(temporary_name(umlauts).find(".carousel-") % 2, 0U);  // after whole characters
  EXPECT_NE(temporary_name("a"), temporary_name("a"));
  EXPECT_TRUE(temporary_name("a").starts_with(".a.carousel-"));
}

}  // namespace
}  // namespace carousel::tool
