#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/foreign.hpp"
#include "support/logged.hpp"
#include "support/run.hpp"

// What a task passes to its awaiter, and when its coroutine lives.

namespace carousel {
namespace {

using test::foreign;
using test::logged;
using test::run;

static_assert(!std::is_copy_constructible_v<task<>>);
static_assert(std::is_nothrow_move_constructible_v<task<>>);

task<int> number(int n) { co_return n; }
task<> nothing() { co_return; }
task<int> fails() {
  throw std::runtime_error("did not work");
  co_return 0;
}
task<int> fails_later() {
  co_await yield();
  throw std::runtime_error("did not work later");
}
task<std::unique_ptr<int>> moves_only() { co_return std::make_unique<int>(7); }
task<int&> same(int& n) {
  co_await yield();
  co_return n;
}

TEST(task, a_million_awaits_that_finish_at_once_do_not_grow_the_stack) {
  const auto sum = run([]() -> task<long> {
    long total = 0;
    for (int i = 0; i < 1'000'000; ++i) total += co_await number(1);
    co_return total;
  });
  EXPECT_EQ(sum, 1'000'000);
}

TEST(task, a_million_buffers_that_are_free_at_once_do_not_grow_the_stack) {
  const auto got = run([]() -> task<long> {
    const auto pool = fixed_buf_pool::make({{64, 1}}).value();
    long total = 0;
    for (int i = 0; i < 1'000'000; ++i) {
      const auto lease = co_await pool.next(64);
      if (lease) ++total;
    }
    co_return total;
  });
  EXPECT_EQ(got, 1'000'000);
}

// NOLINTNEXTLINE(misc-no-recursion)
task<int> nested(int depth) {
  if (depth == 0) {
    co_await yield();
    co_return 0;
  }
  const int below = co_await nested(depth - 1);
  co_return below + 1;
}

TEST(task, a_chain_of_awaits_unwinds_from_its_suspended_end) {
  EXPECT_EQ(run([] { return nested(1'000); }), 1'000);
}

TEST(task, gives_void_values_references_and_what_can_only_be_moved) {
  run([]() -> task<> {
    co_await nothing();
    const int n = co_await number(5);
    EXPECT_EQ(n, 5);
    const std::unique_ptr<int> owned = co_await moves_only();
    EXPECT_EQ(*owned, 7);
    int object = 1;
    int& same_object = co_await same(object);
    EXPECT_EQ(&same_object, &object);
  });
}

TEST(task, an_exception_passes_to_the_awaiter) {
  run([]() -> task<> {
    std::string said;
    try {
      (void)co_await fails();
    } catch (const std::runtime_error& e) {
      said = e.what();
    }
    EXPECT_EQ(said, "did not work");
    try {
      (void)co_await fails_later();
    } catch (const std::runtime_error& e) {
      said = e.what();
    }
    EXPECT_EQ(said, "did not work later");
  });
}

TEST(task, an_exception_leaves_block_on) {
  EXPECT_THROW((void)run([] { return fails(); }), std::runtime_error);
  EXPECT_THROW((void)run([] { return fails_later(); }), std::runtime_error);
}

TEST(task, a_runtime_goes_on_after_an_exception) {
  runtime rt = runtime::make().value();
  EXPECT_THROW((void)rt.block_on(fails_later()), std::runtime_error);
  EXPECT_EQ(rt.block_on(number(4)), 4);
}

TEST(task, block_on_gives_every_kind_of_value) {
  runtime rt = runtime::make().value();
  rt.block_on(nothing());
  EXPECT_EQ(*rt.block_on(moves_only()), 7);
  int object = 1;
  EXPECT_EQ(&rt.block_on(same(object)), &object);
  EXPECT_EQ(start([] { return number(3); }), 3);
}

task<> mark(bool& ran, logged kept) {
  const logged here = std::move(kept);
  ran = true;
  co_await yield();
}

TEST(task, starts_when_it_is_awaited) {
  run([]() -> task<> {
    int ended = 0;
    bool ran = false;
    task<> later = mark(ran, logged(ended));
    co_await yield();
    EXPECT_FALSE(ran);
    co_await std::move(later);
    EXPECT_TRUE(ran);
    EXPECT_EQ(ended, 1);
  });
}

TEST(task, that_is_never_awaited_is_destroyed_with_its_arguments) {
  int ended = 0;
  bool ran = false;
  {
    const task<> never = mark(ran, logged(ended));
    EXPECT_EQ(ended, 0);
  }
  EXPECT_EQ(ended, 1);
  EXPECT_FALSE(ran);
}

TEST(task, assignment_destroys_what_was_there) {
  int first_ended = 0;
  int second_ended = 0;
  bool ran = false;
  {
    task<> one = mark(ran, logged(first_ended));
    one = mark(ran, logged(second_ended));
    EXPECT_EQ(first_ended, 1);
    EXPECT_EQ(second_ended, 0);
  }
  EXPECT_EQ(second_ended, 1);
}

TEST(task_death, is_awaited_once) {
  EXPECT_DEATH(run([]() -> task<> {
                 task<> gone = nothing();
                 const task<> taken = std::move(gone);
                 co_await std::move(gone);  // NOLINT(bugprone-use-after-move): the fact under test
               }),
               "a task is awaited once, and not after it was moved from");
  EXPECT_DEATH(run([]() -> task<> {
                 task<> once = nothing();
                 co_await std::move(once);
                 co_await std::move(once);  // NOLINT(bugprone-use-after-move): the fact under test
               }),
               "a task is awaited once");
}

foreign yields() { co_await yield(); }
foreign sleeps() { co_await sleep_for(std::chrono::seconds(1)); }
foreign reads() {
  std::vector<char> into(1);
  auto r = co_await file::from_fd(-1).read(std::move(into));
}

TEST(task_death, operations_outside_a_runtime_say_so) {
  EXPECT_DEATH((void)yields(), "carousel operations work inside a runtime only");
  EXPECT_DEATH((void)sleeps(), "carousel operations work inside a runtime only");
  EXPECT_DEATH((void)reads(), "carousel operations work inside a runtime only");
  EXPECT_DEATH((void)spawn(nothing()), "carousel operations work inside a runtime only");
}

TEST(task, carousel_is_awaited_in_foreign_coroutines_too) {
  foreign alone;
  run([&]() -> task<> {
    alone = yields();
    EXPECT_FALSE(alone.done());
    co_await yield();
    EXPECT_TRUE(alone.done());
  });
}

}  // namespace
}  // namespace carousel
