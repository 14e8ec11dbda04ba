#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>

#include "support/content.hpp"
#include "support/temp_dir.hpp"
#include "support/verbs.hpp"

// A timeout asks all that a task awaits inside of it to stop, and leaves other tasks alone.

namespace carousel {
namespace {

using namespace test::verbs;
using test::owned;

task<result<int>> seven_after(nanoseconds pause) {
  co_await sleep_for(pause);
  co_return 7;
}

TEST(timeout_of_task, of_a_join_leaves_the_task_alone) {
  bool ended = false;
  run([&]() -> task<> {
    auto slow = spawn([&ended]() -> task<result<int>> {
      co_await sleep_for(4 * soon);
      ended = true;
      co_return 1;
    });
    const auto late = co_await timeout(milliseconds(1), std::move(slow));
    EXPECT_EQ(error_of(late), errc::timed_out);
    EXPECT_FALSE(ended);
    while (!ended) co_await yield();

    auto fast = spawn(seven_after, nanoseconds(0));
    const auto seven = co_await timeout(hours(1), std::move(fast));
    EXPECT_EQ(seven.value_or(0), 7);

    auto nothing = spawn([]() -> task<> { co_await sleep_for(4 * soon); });
    const result<> waited = co_await timeout(milliseconds(1), std::move(nothing));
    EXPECT_EQ(error_of(waited), errc::timed_out);
  });
}

TEST(timeout_of_task, of_a_join_that_would_lose_a_buffer_waits_for_it) {
  run([]() -> task<> {
    auto slow = spawn([]() -> task<buf_result<std::size_t, owned_bytes>> {
      co_await sleep_for(2 * soon);
      co_return {std::size_t{3}, owned("abc", small)};
    });
    const auto r = co_await timeout(milliseconds(1), std::move(slow));
    EXPECT_EQ(r.res.value_or(0), 3U);
    EXPECT_EQ(text_of(r.buf.bytes()), "abc");
  });
}

TEST(timeout_of_task, of_a_read_in_several_pieces_says_by_the_buffer_what_came) {
  const pipe_pair pipe;
  const test::temp_dir dir;
  const auto path = dir.make("content", "0123456789");
  run([&]() -> task<> {
    const file in = (co_await file::open(path)).value();
    auto whole = co_await timeout(hours(1), in.read_exact_at(owned_bytes::with_capacity(10), 0));
    EXPECT_TRUE(whole.res);

    // A composite of the user's own.
    const auto fill = [](file from, owned_bytes buf) -> task<buf_result<void, owned_bytes>> {
      std::string all;
      while (all.size() < small) {
        auto r = co_await from.read(owned_bytes::with_capacity(small));
        if (!r.res) co_return {std::unexpected(r.res.error()), owned(all, small)};
        all += text_of(r.buf.bytes());
      }
      co_return {result<>{}, std::move(buf)};
    };
    const auto write = [&pipe]() -> task<> {
      pipe.put("one ");
      co_await yield();
      co_await yield();
      co_await yield();
      pipe.put("two");
    };
    std::string came;
    // Until both came in time.
    for (auto limit = 10 * soon; came != "one two" && !testing::Test::HasFailure(); limit *= 2) {
      auto writer = spawn(write);
      const auto part = co_await timeout(limit, fill(pipe.reader(), room()));
      EXPECT_EQ(error_of(part.res), errc::timed_out);
      co_await std::move(writer);
      came = text_of(part.buf.bytes());
      EXPECT_EQ(came + pipe.take(), "one two");
    }
  });
}

TEST(timeout_of_task, makes_every_later_operation_of_a_task_end_at_once) {
  const pipe_pair pipe;
  pipe.put("not to be read");
  run([&]() -> task<> {
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    const auto stubborn = [&]() -> task<result<>> {
      EXPECT_FALSE(stop_requested());
      co_await sleep_for(hours(1));
      EXPECT_TRUE(stop_requested());
      const auto r = co_await pipe.reader().read(room());
      EXPECT_EQ(error_of(r.res), errc::canceled);
      const auto lease = co_await pool.next(small);
      EXPECT_EQ(error_of(lease), errc::canceled);
      co_await sleep_for(hours(1));
      auto other = spawn(seven_after, nanoseconds(0));
      const auto joined = co_await std::move(other);
      EXPECT_EQ(error_of(joined), errc::canceled);
      const auto inner = co_await timeout(hours(1), pipe.reader().read(room()));
      EXPECT_EQ(error_of(inner.res), errc::canceled);
      file null = (co_await file::open("/dev/null")).value_or(pipe.reader());
      const result<> closed = co_await std::move(null).close();
      EXPECT_TRUE(closed);  // closing is not stopped
      co_return std::unexpected(r.res.error());
    };
    const result<> ended = co_await timeout(soon, stubborn());
    EXPECT_EQ(error_of(ended), errc::timed_out);
    EXPECT_FALSE(stop_requested());
  });
  EXPECT_EQ(pipe.take(), "not to be read");
}

TEST(timeout_of_task, of_a_task_that_finished_its_work_is_its_result) {
  run([]() -> task<> {
    const auto seven = co_await timeout(soon, seven_after(hours(1)));
    EXPECT_EQ(seven.value_or(0), 7);  // it slept less, and said nothing of it
  });
}

TEST(timeout_of_task, does_not_reach_into_spawned_tasks) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    std::size_t got = 0;
    const auto spawns = [&]() -> task<result<>> {
      spawn([&]() -> task<> {
        EXPECT_FALSE(stop_requested());
        const auto r = co_await pipe.reader().read(room());
        got = r.res.value_or(0);
      }).detach();
      co_await sleep_for(hours(1));
      co_return std::unexpected(make_error_code(errc::canceled));
    };
    const result<> ended = co_await timeout(soon, spawns());
    EXPECT_EQ(error_of(ended), errc::timed_out);
    pipe.put("x");
    while (got == 0) co_await yield();
  });
}

TEST(timeout_of_task, an_exception_passes_through) {
  run([]() -> task<> {
    const auto fails = []() -> task<result<>> {
      co_await sleep_for(hours(1));
      throw std::runtime_error("lost");
    };
    std::string said;
    try {
      (void)co_await timeout(soon, fails());
    } catch (const std::runtime_error& e) {
      said = e.what();
    }
    EXPECT_EQ(said, "lost");
  });
}

}  // namespace
}  // namespace carousel
