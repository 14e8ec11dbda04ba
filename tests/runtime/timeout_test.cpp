#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "support/content.hpp"
#include "support/linux_version.hpp"
#include "support/verbs.hpp"

// A timeout asks an operation to stop. It never loses what the operation brought, and never keeps
// its buffer.

namespace carousel {
namespace {

using namespace test::verbs;
using std::chrono::steady_clock;

TEST(timeout, of_a_read_that_nobody_serves_is_timed_out_with_the_buffer) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    const auto before = steady_clock::now();
    const auto r = co_await timeout(soon, pipe.reader().read(room()));
    EXPECT_EQ(error_of(r.res), errc::timed_out);
    EXPECT_EQ(r.buf.capacity(), small);
    EXPECT_EQ(r.buf.size(), 0U);
    EXPECT_GE(steady_clock::now(), before + soon);
    pipe.put("still there");
    EXPECT_EQ(pipe.take(), "still there");
  });
}

TEST(timeout, that_does_not_pass_changes_nothing) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    pipe.put("hello");
    auto r = co_await timeout(hours(1), pipe.reader().read(room()));
    EXPECT_EQ(r.res.value_or(0), 5U);
    EXPECT_EQ(text_of(r.buf.bytes()), "hello");
    auto wrong = co_await timeout(hours(1), pipe.writer().read(room()));
    EXPECT_EQ(error_of(wrong.res), std::errc::bad_file_descriptor);
  });
}

TEST(timeout, races_with_data_and_loses_no_byte_and_doubles_none) {
  constexpr std::size_t rounds = 10'000;
  const pipe_pair pipe;
  std::string got;
  std::size_t late = 0;
  run([&]() -> task<> {
    const file end = pipe.reader();
    owned_bytes buf = owned_bytes::with_capacity(1);
    for (std::size_t i = 0; i < rounds; ++i) {
      auto writer = spawn([&pipe, i]() -> task<> {
        co_await sleep_for(nanoseconds(i % 7 * 1'000));
        pipe.put(std::string(1, static_cast<char>('a' + i % 26)));
      });
      // However quick or slow the machine is, some are late and some are in time.
      const nanoseconds limit = i % 13 == 0 ? hours(1) : nanoseconds(i % 11 * 1'000);
      auto r = co_await timeout(limit, end.read(std::move(buf)));
      buf = std::move(r.buf);
      if (r.res) {
        got += text_of(buf.bytes());
      } else {
        EXPECT_EQ(r.res.error(), errc::timed_out);
        ++late;
      }
      co_await std::move(writer);
    }
  });
  got += pipe.take();
  EXPECT_EQ(got.size(), rounds);
  for (std::size_t i = 0; i < got.size(); ++i) ASSERT_EQ(got[i], static_cast<char>('a' + i % 26));
  EXPECT_GT(late, 0U);
  EXPECT_LT(late, rounds);
}

TEST(timeout, of_nothing_or_less_is_one_chance) {
  if (test::pipe_reads_always_wait()) GTEST_SKIP() << "reads of pipes always wait here";
  const pipe_pair pipe;
  run([&]() -> task<> {
    for (const nanoseconds none : {nanoseconds(0), nanoseconds(-1), nanoseconds::min()}) {
      pipe.put("x");
      auto r = co_await timeout(none, pipe.reader().read(room()));
      EXPECT_EQ(r.res.value_or(0), 1U);
      auto nothing = co_await timeout(none, pipe.reader().read(room()));
      EXPECT_EQ(error_of(nothing.res), errc::timed_out);
    }
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    auto lease = co_await timeout(nanoseconds(0), pool.next(small));
    EXPECT_TRUE(lease);
    const auto refused = co_await timeout(nanoseconds(0), pool.next(small));
    EXPECT_EQ(error_of(refused), errc::timed_out);
  });
}

TEST(timeout, beyond_the_clock_is_for_ever) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    auto writer = spawn([&pipe]() -> task<> {
      co_await sleep_for(soon);
      pipe.put("four");
    });
    for (int i = 0; i < 4; ++i) {
      const file end = pipe.reader();
      owned_bytes one = owned_bytes::with_capacity(1);
      buf_result<std::size_t, owned_bytes> r(0, std::move(one));
      if (i == 0) r = co_await timeout(nanoseconds::max(), end.read(std::move(r.buf)));
      if (i == 1) r = co_await timeout(hours::max(), end.read(std::move(r.buf)));
      if (i == 2) {
        const auto almost = nanoseconds::max() - nanoseconds(1);
        r = co_await timeout(almost, end.read(std::move(r.buf)));
      }
      if (i == 3) {
        const std::chrono::duration<double> years(1e12);
        r = co_await timeout(years, end.read(std::move(r.buf)));
      }
      EXPECT_EQ(r.res.value_or(0), 1U);
    }
    co_await std::move(writer);
  });
}

TEST(timeout_death, for_ever_does_not_hide_a_stall) {
  const auto stalled = []() -> task<> {
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    const auto held = pool.try_next(small);
    (void)co_await timeout(nanoseconds::max(), pool.next(small));
  };
  EXPECT_DEATH(run(stalled), "task 1 waits for a buffer of 64 bytes");
}

task<> time_out(fixed_buf_pool pool, int& passed) {
  const auto refused = co_await timeout(milliseconds(1), pool.next(small));
  if (error_of(refused) == errc::timed_out) ++passed;
}

TEST(timeout, a_hundred_thousand_pass_at_once) {
  constexpr int many = 100'000;
  int passed = 0;
  run([&]() -> task<> {
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    const auto held = pool.try_next(small);
    std::vector<join_handle<void>> all;
    all.reserve(many);
    for (int i = 0; i < many; ++i) all.push_back(spawn(time_out, pool, std::ref(passed)));
    for (auto& one : all) co_await std::move(one);
  });
  EXPECT_EQ(passed, many);
}

TEST(timeout, of_next_leaves_the_line) {
  run([]() -> task<> {
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    auto held = pool.try_next(small);
    const auto refused = co_await timeout(soon, pool.next(small));
    EXPECT_EQ(error_of(refused), errc::timed_out);
    held.reset();
    EXPECT_TRUE(pool.try_next(small));
  });
}

TEST(timeout, a_buffer_granted_in_the_turn_in_which_it_passes_is_the_answer) {
  run([]() -> task<> {
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    auto held = pool.try_next(small);
    auto giver = spawn([&held]() -> task<> {
      const auto due = steady_clock::now() + milliseconds(3);
      while (steady_clock::now() < due) {
      }
      held.reset();  // the deadline has passed, in this very turn
      co_return;
    });
    const auto lease = co_await timeout(milliseconds(1), pool.next(small));
    EXPECT_TRUE(lease);
    co_await std::move(giver);
  });
}

TEST(timeout, of_a_sleep_says_whether_it_slept) {
  run([]() -> task<> {
    const result<> cut = co_await timeout(soon, sleep_for(hours(1)));
    EXPECT_EQ(error_of(cut), errc::timed_out);
    const result<> slept = co_await timeout(hours(1), sleep_for(soon));
    EXPECT_TRUE(slept);
  });
}

TEST(timeout, the_shorter_of_two_decides_inside_or_outside) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    auto inner = co_await timeout(hours(1), timeout(soon, pipe.reader().read(room())));
    EXPECT_EQ(error_of(inner.res), errc::timed_out);
    auto outer = co_await timeout(soon, timeout(hours(1), pipe.reader().read(room())));
    EXPECT_EQ(error_of(outer.res), errc::timed_out);

    // Only the outer one of these may say timed_out.
    const auto sees_canceled = [&]() -> task<result<>> {
      const auto r = co_await timeout(hours(1), pipe.reader().read(room()));
      EXPECT_EQ(error_of(r.res), errc::canceled);
      co_return std::unexpected(r.res.error());
    };
    const result<> ended = co_await timeout(soon, sees_canceled());
    EXPECT_EQ(error_of(ended), errc::timed_out);

    const auto goes_on = [&]() -> task<result<int>> {
      const auto r = co_await timeout(milliseconds(1), pipe.reader().read(room()));
      EXPECT_EQ(error_of(r.res), errc::timed_out);
      pipe.put("x");
      const auto next = co_await pipe.reader().read(room());
      co_return static_cast<int>(next.res.value_or(0));
    };
    const auto one = co_await timeout(hours(1), goes_on());
    EXPECT_EQ(one.value_or(0), 1);  // the inner one stops no more than it was given
  });
}

task<result<>> nested(int depth, const file& from) {
  if (depth == 0) {
    const auto r = co_await from.read(room());
    if (!r.res) co_return std::unexpected(r.res.error());
    co_return {};
  }
  co_return co_await timeout(hours(depth), nested(depth - 1, from));
}

TEST(timeout, nests_deeply) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    const file end = pipe.reader();
    const result<> ended = co_await timeout(soon, nested(1'000, end));
    EXPECT_EQ(error_of(ended), errc::timed_out);
  });
}

TEST(timeout, of_reads_that_stand_in_line_for_a_slot_ends_them) {
  const pipe_pair pipe;
  int ended = 0;
  run(
      [&]() -> task<> {
        std::vector<join_handle<void>> all;
        all.reserve(600);
        for (int i = 0; i < 600; ++i) {
          all.push_back(spawn([&]() -> task<> {
            const auto r = co_await timeout(soon, pipe.reader().read(room()));
            if (error_of(r.res) == errc::timed_out) ++ended;
          }));
        }
        for (auto& one : all) co_await std::move(one);
      },
      {.operations_max = 256});
  EXPECT_EQ(ended, 600);
}

TEST(timeout, aborted_before_and_in_flight_gives_everything_back) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    EXPECT_TRUE(pool.register_buffers());
    const file end = pipe.reader();
    for (int turns = 0; turns < 4; ++turns) {
      auto reader = spawn([&]() -> task<> {
        auto lease = co_await pool.next(small);
        (void)co_await timeout(hours(1), end.read_fixed(std::move(*lease)));
        ADD_FAILURE() << "a read that was to be aborted went on";
      });
      for (int i = 0; i < turns; ++i) co_await yield();
      reader.abort();
      const auto lease = co_await pool.next(small);
      EXPECT_TRUE(lease);
    }
    const auto never_awaited = timeout(hours(1), end.read_fixed(pool.try_next(small).value()));
  });
}

task<result<int>> at_once(int n) { co_return n; }

TEST(timeout, a_million_that_end_at_once_do_not_grow_the_stack) {
  long sum = 0;
  run([&]() -> task<> {
    for (int i = 0; i < 1'000'000; ++i) {
      const auto r = co_await timeout(hours(1), at_once(1));
      sum += *r;
    }
  });
  EXPECT_EQ(sum, 1'000'000);
}

}  // namespace
}  // namespace carousel
