#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <initializer_list>
#include <memory>
#include <optional>
#include <utility>

#include "fake/kernel.hpp"
#include "loop/runtime_access.hpp"
#include "support/run.hpp"

// When a task gives way. The fake kernel's clock stands still while nobody waits, so a test says
// how long its steps take.

namespace carousel {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using test::run;

/// How often others run while a task takes `steps` steps of that length and asks after each.
struct steps {
  nanoseconds length;
  unsigned count;
};

class computing {
 public:
  computing() {
    auto made = std::make_unique<fake::kernel>(fake::kernel_options{});
    kernel_ = made.get();
    rt_.emplace(detail::runtime_access::make(std::move(made), {}).value());
  }

  /// Each turn that the others get is one: they do nothing but to wait for the next.
  unsigned turns_of_others(std::initializer_list<steps> work, detail::any_duration longest) {
    bool done = false;
    unsigned turns = 0;
    auto others = [&]() -> task<> {
      while (!done) {
        ++turns;
        co_await yield();
      }
    };
    rt_->block_on([&]() -> task<> {
      auto other = spawn(others);
      co_await yield();
      const unsigned before = std::exchange(turns, 0);
      EXPECT_EQ(before, 1);
      for (const auto& [length, count] : work) {
        for (unsigned i = 0; i < count; ++i) {
          kernel_->pause(length);
          co_await yield_if_due(longest);
        }
      }
      done = true;
      co_await std::move(other);
    }());
    return turns;
  }

 private:
  fake::kernel* kernel_ = nullptr;
  std::optional<runtime> rt_;
};

TEST(yield_if_due, steps_longer_than_the_time_give_way_each) {
  EXPECT_EQ(computing().turns_of_others({{milliseconds(1), 100}}, microseconds(200)), 99);
}

TEST(yield_if_due, short_steps_give_way_when_the_time_is_up) {
  const unsigned turns =
      computing().turns_of_others({{microseconds(1), 100'000}}, microseconds(200));
  EXPECT_LE(turns, 500);
  EXPECT_GE(turns, 300);  // 64 steps late at most
}

TEST(yield_if_due, a_task_that_is_not_due_keeps_its_turn) {
  EXPECT_EQ(computing().turns_of_others({{nanoseconds(1), 100'000}}, milliseconds(1)), 0);
  EXPECT_EQ(computing().turns_of_others({{hours(1), 1000}}, nanoseconds::max()), 0);
}

TEST(yield_if_due, steps_that_become_longer_are_noticed_within_sixty_four) {
  EXPECT_GE(computing().turns_of_others({{nanoseconds(1), 10'000}, {milliseconds(1), 164}},
                                        microseconds(200)),
            98);
}

TEST(yield_if_due, no_time_at_all_gives_way_each_time) {
  EXPECT_EQ(computing().turns_of_others({{nanoseconds(0), 100}}, nanoseconds::zero()), 100);
}

TEST(yield_if_due, may_die_and_goes_on_in_its_own_task) {
  run([]() -> task<> {
    for (int i = 0; i < 100; ++i) {
      auto dies = spawn([]() -> task<> { co_await yield_if_due(nanoseconds::zero()); });
      if (i % 2 == 0) co_await yield();
      dies.abort();
    }
  });
}

}  // namespace
}  // namespace carousel
