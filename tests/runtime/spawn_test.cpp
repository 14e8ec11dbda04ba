#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "support/logged.hpp"
#include "support/run.hpp"

// Tasks beside others: what a handle gives, and how it ends them.

namespace carousel {
namespace {

using test::error_of;
using test::logged;
using test::run;

task<> wait_for_ever() { co_await sleep_for(std::chrono::nanoseconds::max()); }

/// Waits for ever with something in its frame.
task<> hold(logged kept) {
  const logged here = std::move(kept);
  co_await wait_for_ever();
}

task<int> fails() {
  throw std::runtime_error("lost words");
  co_return 0;
}

TEST(spawn, starts_in_the_next_turn) {
  run([]() -> task<> {
    bool ran = false;
    auto h = spawn([&ran]() -> task<> {
      ran = true;
      co_return;
    });
    EXPECT_FALSE(ran);
    co_await yield();
    EXPECT_TRUE(ran);
    EXPECT_TRUE(h.done());
    co_await std::move(h);
  });
}

TEST(spawn, keeps_the_callable_and_its_arguments_as_long_as_the_task) {
  run([]() -> task<> {
    int ended = 0;
    std::optional<join_handle<std::string>> h;
    {
      auto f = [mark = logged(ended), text = std::string("captured ")](
                   const std::string& argument, std::unique_ptr<int> n) -> task<std::string> {
        co_await yield();
        co_return text + argument + std::to_string(*n);
      };
      h.emplace(spawn(std::move(f), std::string("argument "), std::make_unique<int>(5)));
    }
    co_await yield();
    EXPECT_EQ(ended, 0);
    const std::string got = co_await std::move(*h);
    EXPECT_EQ(got, "captured argument 5");
    EXPECT_EQ(ended, 1);
  });
}

TEST(spawn, takes_a_task_that_exists) {
  run([]() -> task<> {
    int ended = 0;
    auto h = spawn(hold(logged(ended)));
    co_await yield();
    h.abort();
    EXPECT_EQ(ended, 1);
  });
}

TEST(join, gives_every_kind_of_value) {
  run([]() -> task<> {
    int object = 1;
    auto number = spawn([]() -> task<int> { co_return 5; });
    auto owned = spawn([]() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(6); });
    auto reference = spawn([&object]() -> task<int&> { co_return object; });
    const int n = co_await std::move(number);
    const std::unique_ptr<int> p = co_await std::move(owned);
    int& same = co_await std::move(reference);
    EXPECT_EQ(n, 5);
    EXPECT_EQ(*p, 6);
    EXPECT_EQ(&same, &object);
  });
}

TEST(join, rethrows_the_exception) {
  run([]() -> task<> {
    auto h = spawn(fails);
    std::string said;
    try {
      (void)co_await std::move(h);
    } catch (const std::runtime_error& e) {
      said = e.what();
    }
    EXPECT_EQ(said, "lost words");
  });
}

TEST(join, of_an_aborted_task_is_canceled) {
  run([]() -> task<> {
    auto with_result = spawn([]() -> task<result<int>> {
      co_await wait_for_ever();
      co_return 1;
    });
    auto without = spawn(wait_for_ever);
    co_await yield();
    with_result.abort();
    without.abort();
    const result<int> r = co_await std::move(with_result);
    EXPECT_EQ(error_of(r), errc::canceled);
    std::error_code thrown;
    try {
      co_await std::move(without);
    } catch (const std::system_error& e) {
      thrown = e.code();
    }
    EXPECT_EQ(thrown, errc::canceled);
  });
}

TEST(join, may_be_aborted_and_leaves_the_other_task_alone) {
  run([]() -> task<> {
    int ended = 0;
    bool finished = false;
    auto worker = spawn([&finished]() -> task<> {
      for (int i = 0; i < 5; ++i) co_await yield();
      finished = true;
    });
    auto joiner = spawn(
        [](join_handle<void> h, logged kept) -> task<> {
          const logged here = std::move(kept);
          co_await std::move(h);
        },
        std::move(worker), logged(ended));
    co_await yield();
    joiner.abort();
    EXPECT_EQ(ended, 1);
    EXPECT_FALSE(finished);
    while (!finished) co_await yield();
  });
}

TEST(abort, of_a_suspended_task_destroys_it_at_once) {
  run([]() -> task<> {
    int ended = 0;
    auto h = spawn(hold, logged(ended));
    co_await yield();
    EXPECT_FALSE(h.done());
    EXPECT_EQ(ended, 0);
    h.abort();
    EXPECT_EQ(ended, 1);
    EXPECT_TRUE(h.done());
    h.abort();
  });
}

TEST(abort, of_a_task_that_has_not_started_destroys_its_arguments) {
  run([]() -> task<> {
    int ended = 0;
    auto h = spawn(hold, logged(ended));
    h.abort();
    EXPECT_EQ(ended, 1);
    co_await yield();
    EXPECT_EQ(ended, 1);
  });
}

TEST(abort, leaves_a_finished_task_alone) {
  run([]() -> task<> {
    auto value = spawn([]() -> task<int> { co_return 5; });
    auto failure = spawn(fails);
    co_await yield();
    EXPECT_TRUE(value.done());
    EXPECT_TRUE(failure.done());
    value.abort();
    failure.abort();
    const int n = co_await std::move(value);
    EXPECT_EQ(n, 5);
    bool rethrown = false;
    try {
      (void)co_await std::move(failure);
    } catch (const std::runtime_error&) {
      rethrown = true;
    }
    EXPECT_TRUE(rethrown);
  });
}

TEST(abort, ends_the_running_task_at_its_next_suspension) {
  run([]() -> task<> {
    int ended = 0;
    bool after_abort = false;
    bool after_suspension = false;
    std::optional<join_handle<void>> self;
    self.emplace(spawn(
        [&](logged kept) -> task<> {
          const logged here = std::move(kept);
          self->abort();
          after_abort = true;
          co_await yield();
          after_suspension = true;
        },
        logged(ended)));
    co_await yield();
    EXPECT_TRUE(after_abort);
    EXPECT_EQ(ended, 1);
    EXPECT_TRUE(self->done());
    co_await yield();
    EXPECT_FALSE(after_suspension);
  });
}

TEST(abort, does_not_take_the_value_of_a_running_task_that_ends_first) {
  run([]() -> task<> {
    std::optional<join_handle<int>> self;
    self.emplace(spawn([&]() -> task<int> {
      self->abort();
      co_return 5;
    }));
    co_await yield();
    const int n = co_await std::move(*self);
    EXPECT_EQ(n, 5);
  });
}

}  // namespace
}  // namespace carousel
