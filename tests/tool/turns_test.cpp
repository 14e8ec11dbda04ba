#include "copy/turns.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <utility>
#include <vector>

#include "carousel/carousel.hpp"
#include "support/run.hpp"

// Tasks that decide in the order in which their turns began.

namespace carousel::tool {
namespace {

using testing::ElementsAre;

task<> decide(turns::turn mine, event& ready, int name, std::vector<int>& order) {
  (void)co_await ready.wait();
  co_await mine.come();
  order.push_back(name);
}

TEST(turns, who_is_ready_early_waits_for_those_before) {
  test::run([]() -> task<> {
    turns all;
    event first;
    event others;
    others.set();
    std::vector<int> order;
    std::vector<join_handle<void>> tasks;
    tasks.push_back(spawn(decide, all.begin(), std::ref(first), 1, std::ref(order)));
    tasks.push_back(spawn(decide, all.begin(), std::ref(others), 2, std::ref(order)));
    tasks.push_back(spawn(decide, all.begin(), std::ref(others), 3, std::ref(order)));
    co_await yield();
    EXPECT_TRUE(order.empty());
    first.set();
    for (auto& t : tasks) co_await std::move(t);
    EXPECT_THAT(order, ElementsAre(1, 2, 3));
  });
}

TEST(turns, one_that_dies_lets_the_next_come) {
  test::run([]() -> task<> {
    turns all;
    event never;
    event ready;
    ready.set();
    std::vector<int> order;
    auto first = spawn(decide, all.begin(), std::ref(never), 1, std::ref(order));
    auto waits = spawn(decide, all.begin(), std::ref(ready), 2, std::ref(order));
    auto last = spawn(decide, all.begin(), std::ref(ready), 3, std::ref(order));
    co_await yield();
    waits.abort();
    first.abort();
    co_await std::move(last);
    EXPECT_THAT(order, ElementsAre(3));
  });
}

TEST(turns, one_that_is_disturbed_keeps_its_place) {
  test::run([]() -> task<> {
    turns all;
    turns::turn first = all.begin();
    turns::turn second = all.begin();
    std::vector<bool> came;
    auto waits = spawn(
        [](turns::turn& mine, std::vector<bool>& told) -> task<> {
          const bool at_once = co_await mine.come_or_be_disturbed();
          told.push_back(at_once);
          const bool again = co_await mine.come_or_be_disturbed();
          told.push_back(again);
        },
        std::ref(second), std::ref(came));
    co_await yield();
    EXPECT_FALSE(second.is_here());
    all.disturb();
    co_await yield();
    EXPECT_THAT(came, ElementsAre(false));
    first.pass();
    co_await std::move(waits);
    EXPECT_THAT(came, ElementsAre(false, true));
    EXPECT_TRUE(second.is_here());
  });
}

TEST(turns, one_that_passes_twice_passes_once) {
  test::run([]() -> task<> {
    turns all;
    turns::turn first = all.begin();
    turns::turn second = all.begin();
    turns::turn third = all.begin();
    second.pass();
    second.pass();
    first.pass();
    first = std::move(second);
    co_await third.come();
  });
}

}  // namespace
}  // namespace carousel::tool
