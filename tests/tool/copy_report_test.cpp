#include "copy/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <vector>

// What is said of a copy comes in the order of the walk.

namespace carousel::tool {
namespace {

using testing::ElementsAre;

std::vector<std::string> errors_of(const copy_report& report) {
  return report.object(0)["errors"].get<std::vector<std::string>>();
}

std::error_code no_room() { return {ENOSPC, std::generic_category()}; }

TEST(copy_report, a_step_that_ends_early_waits_for_those_before) {
  copy_report report;
  const auto first = report.begin();
  const auto second = report.begin();
  second->refuse("b", "is second");
  report.end(*second);
  report.refuse("c", "is third");
  EXPECT_TRUE(errors_of(report).empty());
  EXPECT_EQ(report.pending(), 3U);
  first->refuse("a", "is first");
  report.end(*first);
  EXPECT_THAT(errors_of(report), ElementsAre("'a' is first", "'b' is second", "'c' is third"));
  EXPECT_EQ(report.pending(), 0U);
}

TEST(copy_report, what_was_said_of_steps_that_nobody_ends_is_not_lost) {
  copy_report report;
  (void)report.begin();
  report.refuse("a", "is said");
  report.publish_all();
  EXPECT_THAT(errors_of(report), ElementsAre("'a' is said"));
}

TEST(copy_report, errors_of_the_target_end_the_copy_before_they_are_published) {
  copy_report report;
  const auto slow = report.begin();
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(report.over());
    report.fail_at_target("write", "t", no_room());
  }
  EXPECT_TRUE(report.over());
  EXPECT_TRUE(errors_of(report).empty());
  report.end(*slow);
  EXPECT_EQ(errors_of(report).size(), 21U);
}

TEST(copy_report, attributes_that_a_read_only_target_refuses_end_the_copy_too) {
  copy_report report;
  const auto lose = [&report](attribute what, int error) {
    const auto step = report.begin();
    step->lose({{what, error}}, [](bool) { return std::string("t"); });
    report.end(*step);
  };
  // One that has no room for an attribute may have it for all others.
  for (int i = 0; i < 30; ++i) lose(attribute::extended, ENOSPC);
  EXPECT_FALSE(report.over());
  for (int i = 0; i < 20; ++i) lose(attribute::times, EROFS);
  EXPECT_TRUE(report.over());
  EXPECT_THAT(errors_of(report).back(), testing::HasSubstr("stopped after 20 errors"));
}

TEST(copy_report, what_is_listed_comes_in_order_too) {
  copy_report report;
  std::vector<std::string> names;
  report.on_listed = [&](auto, auto name) { names.emplace_back(name); };
  const auto first = report.begin();
  const auto second = report.begin();
  second->list("22", "b");
  report.end(*second);
  first->list("11", "a");
  report.end(*first);
  EXPECT_THAT(names, ElementsAre("a", "b"));
}

}  // namespace
}  // namespace carousel::tool
