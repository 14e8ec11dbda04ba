#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>

#include "support/logged.hpp"
#include "support/moves_badly.hpp"
#include "support/verbs.hpp"

// The first one decides when; every one of them gives its result and its buffer.

namespace carousel {
namespace {

using namespace test::verbs;
using test::logged;
using test::moves_badly;

TEST(when_any, the_first_to_end_is_named_and_the_losers_give_their_buffers_back) {
  const pipe_pair quiet;
  const pipe_pair pipe;
  run([&]() -> task<> {
    const auto pool = fixed_buf_pool::make({{small, 2}}).value();
    EXPECT_TRUE(pool.register_buffers());
    pipe.put("won");
    {
      const auto [first, results] =
          co_await when_any(quiet.reader().read_fixed(pool.try_next(small).value()),
                            pipe.reader().read_fixed(pool.try_next(small).value()),
                            sleep_for(hours(1)), pool.next(small));
      EXPECT_EQ(first, 1U);
      const auto& [lost, won, slept, lease] = results;
      EXPECT_EQ(error_of(lost.res), errc::canceled);
      EXPECT_EQ(lost.buf.capacity(), small);
      EXPECT_EQ(text_of(won.buf.bytes()), "won");
      EXPECT_EQ(error_of(lease), errc::canceled);
      EXPECT_FALSE(pool.try_next(small));  // both are in our hands
    }
    EXPECT_TRUE(pool.try_next(small));
    quiet.put("untouched");
    EXPECT_EQ(quiet.take(), "untouched");
  });
}

TEST(when_any, a_loser_that_ended_in_the_same_turn_keeps_its_data) {
  const pipe_pair a;
  const pipe_pair b;
  run([&]() -> task<> {
    a.put("first");
    b.put("second");
    const auto [first, results] =
        co_await when_any(a.reader().read(room()), b.reader().read(room()));
    const auto& [one, two] = results;
    EXPECT_LE(first, 1U);
    EXPECT_EQ(text_of(one.buf.bytes()), "first");
    EXPECT_EQ(text_of(two.buf.bytes()), "second");
  });
}

TEST(when_any, what_ends_at_once_makes_the_rest_end_as_cancelled) {
  const pipe_pair pipe;
  pipe.put("untouched");
  run([&]() -> task<> {
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    const auto [first, results] = co_await when_any(pool.next(small), pipe.reader().read(room()));
    EXPECT_EQ(first, 0U);
    EXPECT_TRUE(std::get<0>(results));
    EXPECT_EQ(error_of(std::get<1>(results).res), errc::canceled);
    EXPECT_EQ(std::get<1>(results).buf.capacity(), small);
  });
  EXPECT_EQ(pipe.take(), "untouched");
}

TEST(when_any, of_one_is_that_one) {
  run([]() -> task<> {
    const auto [first, results] = co_await when_any(sleep_for(soon));
    EXPECT_EQ(first, 0U);
    (void)results;
  });
}

task<result<int>> seven_after(std::chrono::nanoseconds pause) {
  co_await sleep_for(pause);
  co_return 7;
}

TEST(when_any, takes_tasks_joins_and_other_verbs) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    auto joined = spawn(seven_after, hours(1));
    const auto [first, results] = co_await when_any(
        std::move(joined), seven_after(soon), timeout(hours(1), pipe.reader().read(room())),
        when_any(pipe.reader().read(room()), sleep_for(hours(1))));
    EXPECT_EQ(first, 1U);
    const auto& [join, seven, read, inner] = results;
    EXPECT_EQ(error_of(join), errc::canceled);
    EXPECT_EQ(seven.value_or(0), 7);
    EXPECT_EQ(error_of(read.res), errc::canceled);
    EXPECT_EQ(error_of(std::get<0>(inner.results).res), errc::canceled);
  });
}

TEST(when_any, inside_a_timeout_ends_with_every_buffer) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    const auto both = [&]() -> task<result<std::size_t>> {
      const auto [first, results] =
          co_await when_any(pipe.reader().read(room()), pipe.reader().read(room()));
      (void)first;
      EXPECT_EQ(error_of(std::get<0>(results).res), errc::canceled);
      EXPECT_EQ(error_of(std::get<1>(results).res), errc::canceled);
      EXPECT_TRUE(stop_requested());
      co_return std::unexpected(make_error_code(errc::canceled));
    };
    const auto r = co_await timeout(soon, both());
    EXPECT_EQ(error_of(r), errc::timed_out);
  });
}

task<int> fails_after(std::chrono::nanoseconds pause, const char* words) {
  co_await sleep_for(pause);
  throw std::runtime_error(words);
}

TEST(when_any, an_exception_is_rethrown_when_the_others_have_ended) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    std::string said;
    try {
      (void)co_await when_any(pipe.reader().read_fixed(pool.try_next(small).value()),
                              fails_after(soon, "the first"));
    } catch (const std::runtime_error& e) {
      said = e.what();
    }
    EXPECT_EQ(said, "the first");
    EXPECT_TRUE(pool.try_next(small));
    EXPECT_FALSE(stop_requested());
  });
}

TEST(when_any, a_second_exception_is_not_lost_silently) {
  testing::internal::CaptureStderr();
  run([]() -> task<> {
    std::string said;
    try {
      (void)co_await when_any(fails_after(hours(1), "the loser"), fails_after(soon, "the first"));
    } catch (const std::runtime_error& e) {
      said = e.what();
    }
    EXPECT_EQ(said, "the first");
  });
  EXPECT_NE(testing::internal::GetCapturedStderr().find("the loser"), std::string::npos);
}

TEST(when_any, aborted_in_any_state_gives_everything_back) {
  const pipe_pair pipe;
  int ended = 0;
  constexpr int rounds = 6;
  run([&]() -> task<> {
    const auto pool = fixed_buf_pool::make({{small, 2}}).value();
    EXPECT_TRUE(pool.register_buffers());
    const auto reads = [&](logged mark) -> task<result<std::size_t>> {
      auto lease = co_await pool.next(small);
      const auto r = co_await pipe.reader().read_fixed(std::move(*lease));
      (void)mark;
      if (r.res) co_return *r.res;
      co_return std::unexpected(r.res.error());
    };
    for (int turns = 0; turns < rounds; ++turns) {
      if (turns == 4) pipe.put("x");  // one of them ends, and the other is being cancelled
      auto both = spawn([&]() -> task<> {
        (void)co_await when_any(reads(logged(ended)), reads(logged(ended)));
        co_await sleep_for(hours(1));
      });
      for (int i = 0; i < turns; ++i) co_await yield();
      both.abort();
      EXPECT_EQ(ended, turns == 0 ? 0 : 2 * turns);
      const auto one = co_await pool.next(small);
      const auto two = co_await pool.next(small);
      EXPECT_TRUE(one && two);
    }
    const auto never_awaited = when_any(reads(logged(ended)), sleep_for(soon));
  });
}

TEST(when_any, a_million_that_end_at_once_do_not_grow_the_stack) {
  std::size_t sum = 0;
  const auto at_once = []() -> task<int> { co_return 1; };
  run([&]() -> task<> {
    for (int i = 0; i < 1'000'000; ++i) {
      const auto r = co_await when_any(at_once(), at_once());
      sum += static_cast<std::size_t>(std::get<1>(r.results)) + r.first;
    }
  });
  EXPECT_EQ(sum, 1'000'000U);
}

TEST(when_any, a_join_that_loses_takes_nothing_from_the_winner) {
  const pipe_pair pipe;
  pipe.put("8 bytes!");
  run([&]() -> task<> {
    auto other = spawn([]() -> task<> { co_await sleep_for(milliseconds(1)); });
    const auto [first, results] = co_await when_any(pipe.reader().read(room()), std::move(other));
    EXPECT_EQ(first, 0U);
    EXPECT_EQ(text_of(std::get<0>(results).buf.bytes()), "8 bytes!");
  });
}

TEST(when_any, a_join_whose_task_was_aborted_leaves_what_the_others_have_brought) {
  const pipe_pair pipe;
  pipe.put("kept");
  run([&]() -> task<> {
    auto victim = spawn([]() -> task<> { co_await sleep_for(hours(1)); });
    victim.abort();
    auto both = when_any(pipe.reader().read(room()), std::move(victim));
    EXPECT_THROW((void)co_await both, std::system_error);
    auto& [read, nothing] = both.brought();
    EXPECT_EQ(read ? read->buf.capacity() : 0U, small);
    EXPECT_EQ(text_of(read->buf.bytes()) + pipe.take(), "kept");
    EXPECT_FALSE(nothing);
  });
}

TEST(when_any, a_loser_that_throws_canceled_says_so_in_its_result) {
  const pipe_pair pipe;
  pipe.put("won");
  run([&]() -> task<> {
    const auto throws = []() -> task<result<int>> {
      co_await sleep_for(hours(1));
      throw std::system_error(make_error_code(errc::canceled));
    };
    const auto [first, results] = co_await when_any(pipe.reader().read(room()), throws());
    EXPECT_EQ(first, 0U);
    EXPECT_EQ(error_of(std::get<1>(results)), errc::canceled);
  });
}

TEST(when_any, an_exception_leaves_what_the_others_have_brought) {
  const pipe_pair pipe;
  pipe.put("kept");
  run([&]() -> task<> {
    const auto throws = []() -> task<> {
      co_await sleep_for(hours(1));
      throw std::runtime_error("the loser");
    };
    auto both = when_any(pipe.reader().read(room()), throws());
    EXPECT_THROW((void)co_await both, std::runtime_error);
    auto& [read, nothing] = both.brought();
    EXPECT_TRUE(read);
    EXPECT_EQ(read ? text_of(read->buf.bytes()) : "lost", "kept");
    EXPECT_FALSE(nothing);
  });
}

TEST(when_any, a_result_whose_move_throws_is_an_exception) {
  run([]() -> task<> {
    for (int moves = 1; moves < 12; ++moves) {
      auto one = when_any([](int m) -> task<moves_badly> { co_return moves_badly(m); }(moves));
      try {
        (void)co_await one;
      } catch (const std::runtime_error& e) {
        EXPECT_STREQ(e.what(), "moved too often");
      }
    }
  });
}

}  // namespace
}  // namespace carousel
