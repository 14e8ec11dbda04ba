#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

#include "support/linux_version.hpp"
#include "support/logged.hpp"
#include "support/verbs.hpp"

// Going on without an operation: its buffer comes home later, and nobody waits for it.

namespace carousel {
namespace {

using namespace test::verbs;
using test::logged;

TEST(abandon_after, goes_on_without_the_buffer_which_comes_home_with_the_last_completion) {
  const pipe_pair pipe;
  runtime rt = runtime::make().value();
  auto body = [&]() -> task<> {
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    EXPECT_TRUE(pool.register_buffers());
    auto r = co_await abandon_after(soon, pipe.reader().read_fixed(pool.try_next(small).value()));
    static_assert(std::is_same_v<decltype(r), buf_result<std::size_t, std::optional<fixed_buf>>>);
    EXPECT_EQ(error_of(r.res), errc::timed_out);
    EXPECT_FALSE(r.buf.has_value());
    EXPECT_EQ(rt.stats().cancels, 1U);
    const auto lease = co_await pool.next(small);
    EXPECT_TRUE(lease);
    pipe.put("for the next reader");
    EXPECT_EQ(pipe.take(), "for the next reader");
  };
  rt.block_on(body());
}

TEST(abandon_after, gives_what_the_operation_gives_in_time) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    pipe.put("bytes");
    auto r =
        co_await abandon_after(hours(1), pipe.reader().read(owned_bytes::with_capacity(small)));
    EXPECT_EQ(r.res.value_or(0), 5U);
    EXPECT_EQ(text_of(r.buf.value().bytes()), "bytes");
    auto wrong =
        co_await abandon_after(hours(1), pipe.writer().read(owned_bytes::with_capacity(small)));
    EXPECT_EQ(error_of(wrong.res), std::errc::bad_file_descriptor);
    EXPECT_TRUE(wrong.buf.has_value());
    const result<> slept = co_await abandon_after(hours(1), sleep_for(soon));
    EXPECT_TRUE(slept);
  });
}

TEST(abandon_after, of_nothing_is_one_chance) {
  if (test::pipe_reads_always_wait()) GTEST_SKIP() << "reads of pipes always wait here";
  const pipe_pair pipe;
  run([&]() -> task<> {
    for (const nanoseconds none : {nanoseconds(0), nanoseconds(-1)}) {
      pipe.put("x");
      auto r = co_await abandon_after(none, pipe.reader().read(owned_bytes::with_capacity(small)));
      EXPECT_EQ(r.res.value_or(0), 1U);
    }
  });
}

TEST(abandon_after, destroys_an_abandoned_task) {
  const pipe_pair pipe;
  int ended = 0;
  run([&]() -> task<> {
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    EXPECT_TRUE(pool.register_buffers());
    const auto reads = [&](logged mark) -> task<result<int>> {
      (void)co_await pipe.reader().read_fixed(pool.try_next(small).value());
      ADD_FAILURE() << "an abandoned task went on";
      (void)mark;
      co_return 0;
    };
    const auto r = co_await abandon_after(soon, reads(logged(ended)));
    EXPECT_EQ(error_of(r), errc::timed_out);
    EXPECT_EQ(ended, 1);
    const auto lease = co_await pool.next(small);
    EXPECT_TRUE(lease);
  });
}

TEST(abandon_after, leaves_a_pools_line) {
  run([]() -> task<> {
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    auto held = pool.try_next(small);
    const auto refused = co_await abandon_after(soon, pool.next(small));
    EXPECT_EQ(error_of(refused), errc::timed_out);
    held.reset();
    EXPECT_TRUE(pool.try_next(small));
  });
}

TEST(abandon_after, of_a_join_detaches_the_task) {
  bool ended = false;
  run([&]() -> task<> {
    auto slow = spawn([&ended]() -> task<> {
      co_await sleep_for(2 * soon);
      ended = true;
    });
    const result<> r = co_await abandon_after(milliseconds(1), std::move(slow));
    EXPECT_EQ(error_of(r), errc::timed_out);
    while (!ended) co_await yield();
  });
  EXPECT_TRUE(ended);
}

TEST(abandon_after, is_stopped_from_outside_like_its_operation) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    auto r = co_await timeout(
        soon, abandon_after(hours(1), pipe.reader().read(owned_bytes::with_capacity(small))));
    EXPECT_EQ(error_of(r.res), errc::timed_out);
    EXPECT_TRUE(r.buf.has_value());
    auto inner = co_await abandon_after(
        hours(1), timeout(soon, pipe.reader().read(owned_bytes::with_capacity(small))));
    EXPECT_EQ(error_of(inner.res), errc::timed_out);
    EXPECT_TRUE(inner.buf.has_value());
    auto gone = co_await abandon_after(
        soon, timeout(hours(1), pipe.reader().read(owned_bytes::with_capacity(small))));
    EXPECT_EQ(error_of(gone.res), errc::timed_out);
    EXPECT_FALSE(gone.buf.has_value());
    EXPECT_FALSE(stop_requested());
  });
}

TEST(abandon_after, aborted_in_any_state_gives_everything_back) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    EXPECT_TRUE(pool.register_buffers());
    for (int turns = 0; turns < 6; ++turns) {
      auto reader = spawn([&]() -> task<> {
        auto lease = co_await pool.next(small);
        (void)co_await abandon_after(nanoseconds(0), pipe.reader().read_fixed(std::move(*lease)));
        co_await sleep_for(hours(1));
      });
      for (int i = 0; i < turns; ++i) co_await yield();
      reader.abort();
      const auto lease = co_await pool.next(small);
      EXPECT_TRUE(lease);
    }
  });
}

/// Aborts a task when it is destroyed.
struct aborts {
  std::optional<join_handle<void>>* victim;
  explicit aborts(std::optional<join_handle<void>>& v) noexcept : victim(&v) {}
  aborts(aborts&& other) noexcept : victim(std::exchange(other.victim, nullptr)) {}
  aborts& operator=(aborts&&) = delete;
  ~aborts() {
    if (victim != nullptr) (*victim)->abort();
  }
};

TEST(abandon_after, a_destructor_in_the_abandoned_task_may_abort_the_task_around_it) {
  int ended = 0;
  run([&]() -> task<> {
    std::optional<join_handle<void>> self;
    const auto inner = [](aborts at_end) -> task<result<int>> {
      co_await sleep_for(hours(1));
      (void)at_end;
      co_return 0;
    };
    self = spawn([&]() -> task<> {
      const logged mark(ended);
      (void)co_await abandon_after(soon, inner(aborts(self)));
      ADD_FAILURE() << "an aborted task went on";
    });
    while (ended == 0) co_await yield();
    EXPECT_TRUE(self->done());
  });
  EXPECT_EQ(ended, 1);
}

}  // namespace
}  // namespace carousel
