#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "support/foreign.hpp"
#include "support/open_fds.hpp"
#include "support/verbs.hpp"

// What a request to stop reaches: everything that is suspended inside of the verb, and nothing
// else.

namespace carousel {
namespace {

using namespace test::verbs;
using test::foreign;

foreign read_once(const file& from, std::error_code& error, std::size_t& got) {
  const auto r = co_await from.read(room());
  error = error_of(r.res);
  got = r.res.value_or(0);
}

TEST(stop_scope, several_coroutines_of_the_users_own_are_all_stopped) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    const file end = pipe.reader();
    std::vector<std::error_code> errors(10);
    std::vector<std::size_t> got(10);
    const auto fan_out = [&]() -> task<result<>> {
      std::vector<foreign> all;
      all.reserve(errors.size());
      for (std::size_t i = 0; i < errors.size(); ++i)
        all.push_back(read_once(end, errors[i], got[i]));
      co_await sleep_for(hours(1));
      for (const foreign& one : all) {
        while (!one.done()) co_await yield();
      }
      co_return std::unexpected(make_error_code(errc::canceled));
    };
    const result<> ended = co_await timeout(soon, fan_out());
    EXPECT_EQ(error_of(ended), errc::timed_out);
    for (const std::error_code& error : errors) EXPECT_EQ(error, errc::canceled);
  });
}

TEST(stop_scope, a_coroutine_that_outlives_it_is_not_stopped_any_more) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    const file end = pipe.reader();
    std::error_code error;
    std::size_t got = 0;
    foreign reader;
    const auto starts = [&]() -> task<result<>> {
      reader = read_once(end, error, got);
      co_return {};
    };
    const result<> started = co_await timeout(hours(1), starts());
    EXPECT_TRUE(started);
    EXPECT_FALSE(reader.done());
    pipe.put("x");
    while (!reader.done()) co_await yield();
    EXPECT_EQ(got, 1U);
    EXPECT_FALSE(error);
  });
}

TEST(stop_scope, a_coroutine_that_finishes_after_it_ended_leaves_no_scope_behind) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    const file end = pipe.reader();
    foreign late;
    std::error_code first;
    std::error_code second;
    const auto twice = [&]() -> foreign {
      const auto r = co_await timeout(hours(1), end.read(room()));
      first = error_of(r.res);
      const auto next = co_await end.read(room());
      second = error_of(next.res);
    };
    const auto starts = [&]() -> task<result<>> {
      late = twice();
      co_await sleep_for(hours(1));
      co_return std::unexpected(make_error_code(errc::canceled));
    };
    const result<> ended = co_await timeout(soon, starts());
    EXPECT_EQ(error_of(ended), errc::timed_out);
    while (!first) co_await yield();
    EXPECT_EQ(first, errc::canceled);
    for (int i = 0; i < 3; ++i) co_await yield();
    EXPECT_FALSE(late.done() && second != errc::canceled);
    if (!late.done()) {
      pipe.put("x");
      while (!late.done()) co_await yield();
      EXPECT_FALSE(second);
    }
  });
}

TEST(stop_scope, closing_a_file_that_is_in_use_stops_waiting_and_closes_later) {
  const pipe_pair pipe;
  const std::size_t before = test::open_fds();
  run([&]() -> task<> {
    file end = pipe.reader();
    std::size_t got = 0;
    auto reader = spawn([&]() -> task<> {
      const auto r = co_await end.read(room());
      got = r.res.value_or(0);
    });
    co_await yield();
    co_await yield();
    file other = end;
    const result<> closed = co_await timeout(soon, std::move(other).close());
    EXPECT_EQ(error_of(closed), errc::timed_out);
    const auto refused = co_await end.read(room());
    EXPECT_EQ(error_of(refused.res), std::errc::bad_file_descriptor);
    pipe.put("x");
    co_await std::move(reader);
    EXPECT_EQ(got, 1U);
  });
  EXPECT_EQ(test::open_fds(), before);
}

TEST(stop_scope, a_close_that_is_stopped_before_it_began_closes_all_the_same) {
  const pipe_pair pipe;
  const std::size_t before = test::open_fds();
  run([&]() -> task<> {
    const auto closes = [&]() -> task<result<>> {
      co_await sleep_for(hours(1));
      const std::size_t open = test::open_fds();
      file end = pipe.reader();
      const result<> closed = co_await std::move(end).close();
      EXPECT_TRUE(closed);
      EXPECT_EQ(test::open_fds(), open);
      co_return closed;
    };
    const result<> ended = co_await timeout(soon, closes());
    EXPECT_TRUE(ended);
  });
  EXPECT_EQ(test::open_fds(), before);
}

TEST(stop_scope, a_task_that_is_moved_between_scopes_is_stopped_where_it_is_awaited) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    const auto reads = [&]() -> task<result<>> {
      const auto r = co_await pipe.reader().read(room());
      co_return std::unexpected(error_of(r.res));
    };
    task<result<>> made = reads();  // in no scope
    const result<> ended = co_await timeout(soon, std::move(made));
    EXPECT_EQ(error_of(ended), errc::timed_out);
  });
}

}  // namespace
}  // namespace carousel
