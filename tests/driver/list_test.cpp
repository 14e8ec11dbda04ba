#include <gtest/gtest.h>
#include <carousel/detail/base/list.hpp>

#include <memory>
#include <optional>
#include <vector>

// The intrusive list that awaiters and slots stand in.

namespace carousel::detail {
namespace {

struct tag_a;
struct tag_b;
struct item : list_hook<tag_a>, list_hook<tag_b> {
  explicit item(int n) : number(n) {}
  int number;
};
using list_a = list<item, tag_a>;
using list_b = list<item, tag_b>;
using hook_a = list_hook<tag_a>;

template <class List>
std::vector<int> numbers(List& l) {
  std::vector<int> all;
  l.for_each([&](item& i) { all.push_back(i.number); });
  return all;
}

std::vector<std::unique_ptr<item>> items(int count) {
  std::vector<std::unique_ptr<item>> all;
  for (int i = 0; i < count; ++i) all.push_back(std::make_unique<item>(i));
  return all;
}

TEST(list, keeps_the_order_of_both_ends) {
  const auto all = items(4);
  list_a l;
  EXPECT_TRUE(l.empty());
  l.push_back(*all[1]);
  l.push_back(*all[2]);
  l.push_front(*all[0]);
  l.push_back(*all[3]);
  EXPECT_EQ(numbers(l), (std::vector{0, 1, 2, 3}));
  EXPECT_EQ(l.front().number, 0);
  EXPECT_EQ(l.back().number, 3);
  EXPECT_EQ(l.pop_front().number, 0);
  EXPECT_FALSE(all[0]->hook_a::linked());
  EXPECT_EQ(numbers(l), (std::vector{1, 2, 3}));
}

TEST(list, an_item_leaves_when_it_is_destroyed) {
  auto all = items(3);
  list_a l;
  for (const auto& i : all) l.push_back(*i);
  all[1].reset();
  EXPECT_EQ(numbers(l), (std::vector{0, 2}));
  all[2].reset();
  all[0].reset();
  EXPECT_TRUE(l.empty());
}

TEST(list, unlinking_twice_is_harmless) {
  item one(1);
  list_a l;
  l.push_back(one);
  one.hook_a::unlink();
  one.hook_a::unlink();
  EXPECT_TRUE(l.empty());
  l.push_back(one);
  EXPECT_EQ(numbers(l), std::vector{1});
}

TEST(list, an_item_stands_in_one_list_per_tag) {
  item one(1);
  list_a a;
  list_b b;
  a.push_back(one);
  b.push_back(one);
  a.pop_front();
  EXPECT_TRUE(a.empty());
  EXPECT_EQ(numbers(b), std::vector{1});
}

TEST(list, splice_appends_in_order_and_leaves_nothing) {
  const auto all = items(5);
  list_a first;
  list_a second;
  for (int i = 0; i < 2; ++i) first.push_back(*all[static_cast<std::size_t>(i)]);
  for (int i = 2; i < 5; ++i) second.push_back(*all[static_cast<std::size_t>(i)]);
  first.splice_back(second);
  EXPECT_EQ(numbers(first), (std::vector{0, 1, 2, 3, 4}));
  EXPECT_TRUE(second.empty());
  first.splice_back(second);
  EXPECT_EQ(numbers(first).size(), 5U);
  second.splice_back(first);
  EXPECT_EQ(numbers(second), (std::vector{0, 1, 2, 3, 4}));
  EXPECT_TRUE(first.empty());
}

TEST(list, may_end_before_its_items) {
  item one(1);
  item two(2);
  {
    list_a l;
    l.push_back(one);
    l.push_back(two);
  }
  EXPECT_FALSE(one.hook_a::linked());
  EXPECT_FALSE(two.hook_a::linked());
}

TEST(list, an_item_in_two_lists_of_one_tag_stops_the_process) {
  item one(1);
  list_a a;
  list_a b;
  a.push_back(one);
  EXPECT_DEATH(b.push_back(one), "one list at a time");
}

}  // namespace
}  // namespace carousel::detail
