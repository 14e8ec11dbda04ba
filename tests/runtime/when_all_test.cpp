#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "support/content.hpp"
#include "support/logged.hpp"
#include "support/moves_badly.hpp"
#include "support/temp_dir.hpp"
#include "support/verbs.hpp"

// Several at the same time, in one task.

namespace carousel {
namespace {

using namespace test::verbs;
using test::logged;
using test::moves_badly;

TEST(when_all, gives_the_results_in_the_order_of_the_arguments) {
  const pipe_pair slow;
  const pipe_pair fast;
  run([&]() -> task<> {
    fast.put("fast");
    auto writer = spawn([&slow]() -> task<> {
      for (int i = 0; i < 5; ++i) co_await yield();
      slow.put("slow");
    });
    auto all = co_await when_all(slow.reader().read(room()), sleep_for(soon),
                                 fast.reader().read(room()), std::move(writer));
    static_assert(std::is_same_v<std::tuple_element_t<1, decltype(all)>, std::monostate>);
    EXPECT_EQ(text_of(std::get<0>(all).buf.bytes()), "slow");
    EXPECT_EQ(text_of(std::get<2>(all).buf.bytes()), "fast");
  });
}

TEST(when_all, submits_its_operations_together) {
  const test::temp_dir dir;
  const auto path = dir.make("content", "0123456789");
  runtime rt = runtime::make().value();
  auto body = [&]() -> task<> {
    const file in = (co_await file::open(path)).value();
    const auto before = rt.stats().enters;
    const auto [a, b, c] =
        co_await when_all(in.read_at(room(), 0), in.read_at(room(), 3), in.read_at(room(), 6));
    EXPECT_LE(rt.stats().enters - before, 2U);  // one to submit, one to wait
    EXPECT_EQ(text_of(a.buf.bytes()), "0123456789");
    EXPECT_EQ(text_of(b.buf.bytes()), "3456789");
    EXPECT_EQ(text_of(c.buf.bytes()), "6789");
  };
  rt.block_on(body());
}

task<std::unique_ptr<int>> boxed(int n) {
  co_await yield();
  co_return std::make_unique<int>(n);
}

TEST(when_all, moves_what_cannot_be_copied) {
  run([]() -> task<> {
    const auto [one, two] = co_await when_all(boxed(1), boxed(2));
    EXPECT_EQ(*one + *two, 3);
  });
}

TEST(when_all, an_error_of_one_stops_no_other) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    auto writer = spawn([&pipe]() -> task<> {
      co_await sleep_for(soon);
      pipe.put("later");
    });
    const auto [wrong, right] =
        co_await when_all(pipe.writer().read(room()), pipe.reader().read(room()));
    EXPECT_EQ(error_of(wrong.res), std::errc::bad_file_descriptor);
    EXPECT_EQ(right.res.value_or(0), 5U);
    co_await std::move(writer);
  });
}

TEST(when_all, is_stopped_from_outside_as_a_whole) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    const auto both = [&]() -> task<result<>> {
      const auto [a, b] = co_await when_all(pipe.reader().read(room()), sleep_for(hours(1)));
      (void)b;
      co_return std::unexpected(error_of(a.res));
    };
    const result<> r = co_await timeout(soon, both());
    EXPECT_EQ(error_of(r), errc::timed_out);
  });
}

task<int> fails(const char* words) {
  co_await yield();
  throw std::runtime_error(words);
}

TEST(when_all, an_exception_stops_the_others_and_is_rethrown) {
  const pipe_pair pipe;
  testing::internal::CaptureStderr();
  run([&]() -> task<> {
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    std::string said;
    try {
      (void)co_await when_all(pipe.reader().read_fixed(pool.try_next(small).value()),
                              fails("the first"), fails("the second"));
    } catch (const std::runtime_error& e) {
      said = e.what();
    }
    EXPECT_EQ(said, "the first");
    EXPECT_TRUE(pool.try_next(small));
    EXPECT_FALSE(stop_requested());
  });
  EXPECT_NE(testing::internal::GetCapturedStderr().find("the second"), std::string::npos);
}

TEST(when_all, an_exception_leaves_what_the_others_have_brought) {
  const pipe_pair pipe;
  pipe.put("kept");
  run([&]() -> task<> {
    auto both = when_all(pipe.reader().read(room()), fails("the second"));
    EXPECT_THROW((void)co_await both, std::runtime_error);
    auto& [read, nothing] = both.brought();
    EXPECT_TRUE(read);
    EXPECT_EQ(read ? text_of(read->buf.bytes()) : "lost", "kept");
    EXPECT_FALSE(nothing);
  });
}

TEST(when_all, a_stop_that_a_join_cannot_put_into_a_result_costs_the_others_nothing) {
  const pipe_pair pipe;
  pipe.put("kept");
  run([&]() -> task<> {
    auto endless = spawn([]() -> task<> { co_await sleep_for(hours(1)); });
    auto both = when_all(pipe.reader().read(room()), std::move(endless));
    const auto waits = [&]() -> task<> { (void)co_await both; };
    EXPECT_EQ(error_of(co_await timeout(soon, waits())), errc::timed_out);
    auto& [read, nothing] = both.brought();
    EXPECT_EQ(read ? text_of(read->buf.bytes()) : "lost", "kept");
    EXPECT_FALSE(nothing);
  });
}

TEST(when_all, a_result_whose_move_throws_is_an_exception) {
  run([]() -> task<> {
    for (int moves = 1; moves < 12; ++moves) {
      auto one = when_all([](int m) -> task<moves_badly> { co_return moves_badly(m); }(moves));
      try {
        (void)co_await one;
      } catch (const std::runtime_error& e) {
        EXPECT_STREQ(e.what(), "moved too often");
      }
    }
  });
}

TEST(when_all, aborted_in_any_state_gives_everything_back) {
  const pipe_pair pipe;
  const pipe_pair other;
  int ended = 0;
  run([&]() -> task<> {
    const auto pool = fixed_buf_pool::make({{small, 2}}).value();
    EXPECT_TRUE(pool.register_buffers());
    const auto reads = [&](const pipe_pair& from, logged mark) -> task<result<std::size_t>> {
      auto lease = co_await pool.next(small);
      const auto r = co_await from.reader().read_fixed(std::move(*lease));
      (void)mark;
      if (r.res) co_return *r.res;
      co_return std::unexpected(r.res.error());
    };
    for (int turns = 0; turns < 6; ++turns) {
      if (turns >= 3) pipe.put("x");  // one of them ends
      auto both = spawn([&]() -> task<> {
        (void)co_await when_all(reads(pipe, logged(ended)), reads(other, logged(ended)));
        ADD_FAILURE() << "nobody writes to the other";
      });
      for (int i = 0; i < turns; ++i) co_await yield();
      both.abort();
      EXPECT_EQ(ended, turns == 0 ? 0 : 2 * turns);
      const auto one = co_await pool.next(small);
      const auto two = co_await pool.next(small);
      EXPECT_TRUE(one && two);
      (void)pipe.take();
    }
    const auto never_awaited = when_all(reads(pipe, logged(ended)), sleep_for(soon));
  });
}

TEST(when_all, a_branch_may_abort_the_task_that_it_is_part_of) {
  const pipe_pair pipe;
  int ended = 0;
  run([&]() -> task<> {
    std::optional<join_handle<void>> self;
    self = spawn([&]() -> task<> {
      const logged mark(ended);
      const auto aborts = [&]() -> task<> {
        self->abort();
        co_return;
      };
      (void)co_await when_all(pipe.reader().read(room()), aborts());
      ADD_FAILURE() << "an aborted task went on";
    });
    co_await yield();
    co_await yield();
    EXPECT_TRUE(self->done());
    EXPECT_EQ(ended, 1);
  });
}

TEST(when_all, a_million_that_end_at_once_do_not_grow_the_stack) {
  long sum = 0;
  const auto at_once = []() -> task<int> { co_return 1; };
  run([&]() -> task<> {
    for (int i = 0; i < 1'000'000; ++i) {
      const auto [a, b] = co_await when_all(at_once(), at_once());
      sum += a + b;
    }
  });
  EXPECT_EQ(sum, 2'000'000);
}

}  // namespace
}  // namespace carousel
