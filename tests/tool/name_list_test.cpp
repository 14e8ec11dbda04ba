#include "copy/name_list.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

// The names of a directory, as the walk keeps them.

namespace carousel::tool {
namespace {

using std::filesystem::file_type;

TEST(name_list, each_name_is_what_it_was) {
  name_list names;
  const std::string longest(255, 'x');
  for (std::uint64_t i = 0; i < 3000; ++i)
    names.add(i % 7 == 0 ? longest : std::to_string(i), i,
              i % 2 == 0 ? file_type::regular : file_type::unknown);
  ASSERT_EQ(names.size(), 3000U);
  for (std::uint64_t i = 0; i < 3000; ++i) {
    EXPECT_EQ(names[i].name, i % 7 == 0 ? longest : std::to_string(i));
    EXPECT_EQ(names[i].name.data()[names[i].name.size()], '\0');
    EXPECT_EQ(names[i].inode, i);
    EXPECT_EQ(names[i].type, i % 2 == 0 ? file_type::regular : file_type::unknown);
  }
}

TEST(name_list, names_of_one_file_stay_in_order) {
  name_list names;
  names.add("c", 9, file_type::regular);
  names.add("z", 5, file_type::regular);
  names.add("a", 5, file_type::none);
  names.add("b", 1, file_type::directory);
  names.sort_by_inode();
  EXPECT_EQ(names[0].name, "b");
  EXPECT_EQ(names[1].name, "z");
  EXPECT_EQ(names[2].name, "a");
  EXPECT_EQ(names[2].type, file_type::none);
  EXPECT_EQ(names[3].name, "c");
}

TEST(name_list, what_is_taken_out_is_counted) {
  name_list names;
  for (const char* name : {"a", "b", "c", "d"}) names.add(name, 1, file_type::regular);
  const std::size_t out =
      names.erase_if([](const name_list::entry& e) { return e.name == "b" || e.name == "d"; });
  EXPECT_EQ(out, 2U);
  ASSERT_EQ(names.size(), 2U);
  EXPECT_EQ(names[1].alone().name, "c");
}

}  // namespace
}  // namespace carousel::tool
