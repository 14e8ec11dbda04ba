#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <memory>
#include <stop_token>
#include <tuple>
#include <utility>
#include <vector>

#include "fake/kernel.hpp"
#include "loop/runtime_access.hpp"
#include "support/content.hpp"
#include "support/in_flight.hpp"
#include "support/logged_bytes.hpp"
#include "support/open_both.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/small.hpp"
#include "support/submitted.hpp"
#include "support/temp_dir.hpp"

// Chains that are stopped, destroyed or cut: no result is lost, and every buffer comes back.

namespace carousel {
namespace {

using test::chars_of;
using test::content_of;
using test::error_of;
using test::logged_bytes;
using test::open_new;
using test::pipe_pair;
using test::room;
using test::run;
using test::small;
using test::submitted;
using test::temp_dir;
using test::until_submitted;

task<std::size_t> read_twice(file from, std::size_t many) {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < many; ++i) {
    auto [a, b] = co_await linked(from.read_at(room(), 0), from.read_at(room(), 0));
    sum += a.res.value_or(0) + b.res.value_or(0);
  }
  co_return sum;
}

TEST(linked_end, a_timeout_ends_all_that_has_not_ended_and_takes_no_byte) {
  const pipe_pair from;
  const pipe_pair to;
  run([&]() -> task<> {
    const file in = from.reader();
    auto [got, put] =
        co_await timeout(std::chrono::milliseconds(1),
                         linked(in.read(std::vector<char>(4)), to.writer().write(chars_of("x"))));
    EXPECT_EQ(error_of(got.res), errc::timed_out);
    EXPECT_EQ(got.buf.size(), 4U);
    EXPECT_EQ(error_of(put.res), errc::timed_out);
    EXPECT_EQ(put.buf, chars_of("x"));
    EXPECT_EQ(to.take(), "");
    from.put("four");
    const auto later = co_await in.read(std::vector<char>(8));
    EXPECT_EQ(later.res, 4U);
  });
}

TEST(linked_end, a_stop_loses_no_result_of_what_has_ended_before) {
  const temp_dir dir;
  const pipe_pair pipe;
  run([&]() -> task<> {
    const file f = co_await open_new(dir.path() / "file");
    std::stop_source source;
    auto writer = spawn([](file to, file silent, std::stop_token token) -> task<> {
      auto [written, got, never] =
          co_await stop_on(token, linked(to.write_at(chars_of("kept"), 0),
                                         silent.read(std::vector<char>(4)), to.sync_data()));
      EXPECT_EQ(written.res, 4U);
      EXPECT_EQ(error_of(got.res), errc::canceled);
      EXPECT_EQ(error_of(never), errc::canceled);
    }(f, pipe.reader(), source.get_token()));
    while (content_of(dir.path() / "file") != "kept")
      co_await sleep_for(std::chrono::milliseconds(1));
    source.request_stop();
    co_await std::move(writer);
  });
}

TEST(linked_end, a_stop_before_the_submission_withdraws_the_chain) {
  const temp_dir dir;
  run([&]() -> task<> {
    const file f = co_await open_new(dir.path() / "file");
    std::stop_source source;
    auto writer = spawn([](file to, std::stop_token token) -> task<> {
      auto [a, b] = co_await stop_on(
          token, linked(to.write_at(chars_of("a"), 0), to.write_at(chars_of("b"), 1)));
      EXPECT_EQ(error_of(a.res), errc::canceled);
      EXPECT_EQ(error_of(b.res), errc::canceled);
      EXPECT_EQ(b.buf, chars_of("b"));
    }(f, source.get_token()));
    auto other = spawn([](file of) -> task<> {
      const auto synced = co_await of.sync_data();
      EXPECT_TRUE(synced);
    }(f));
    const auto before = submitted();
    co_await yield();
    EXPECT_EQ(submitted() - before, 2U);
    source.request_stop();
    co_await std::move(writer);
    co_await std::move(other);
    EXPECT_EQ(submitted() - before, 1U);
  });
  EXPECT_EQ(content_of(dir.path() / "file"), "");
}

TEST(linked_end, a_stop_in_line_ends_the_chain_unstarted) {
  run(
      []() -> task<> {
        const file zero = (co_await file::open("/dev/zero")).value();
        std::stop_source source;
        auto first = spawn(read_twice(zero, 1));
        auto second = spawn([](file from, std::stop_token token) -> task<> {
          auto [a, b] =
              co_await stop_on(token, linked(from.read_at(room(), 0), from.read_at(room(), 0)));
          EXPECT_EQ(error_of(a.res), errc::canceled);
          EXPECT_EQ(error_of(b.res), errc::canceled);
        }(zero, source.get_token()));
        const auto before = submitted();
        co_await yield();
        source.request_stop();
        co_await std::move(second);
        const std::size_t sum = co_await std::move(first);
        EXPECT_EQ(sum, 2 * small);
        EXPECT_EQ(submitted() - before, 2U);
      },
      {.entries = 2});
}

task<> read_behind(file slow, logged_bytes first, file fast, logged_bytes second) {
  (void)co_await linked(slow.read(std::move(first)), fast.read_at(std::move(second), 0));
  ADD_FAILURE() << "a chain that was to be aborted went on";
}

TEST(linked_end, one_that_is_destroyed_in_flight_gives_each_buffer_back_when_the_kernel_has_done) {
  const pipe_pair pipe;
  int first = 0;
  int second = 0;
  run([&]() -> task<> {
    const file zero = (co_await file::open("/dev/zero")).value();
    const file end = pipe.reader();
    auto reader =
        spawn(read_behind(end, logged_bytes(small, first), zero, logged_bytes(small, second)));
    co_await until_submitted();
    reader.abort();
    EXPECT_EQ(first, 0);
    EXPECT_EQ(second, 0);
    while (first == 0 || second == 0) co_await sleep_for(std::chrono::milliseconds(1));
    pipe.put("for the next reader");
    const auto r = co_await end.read(room());
    EXPECT_EQ(r.res, 19U);
  });
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 1);
}

TEST(linked_end, one_that_is_destroyed_before_its_submission_never_reaches_the_kernel) {
  const pipe_pair pipe;
  int ended = 0;
  run([&]() -> task<> {
    const file zero = (co_await file::open("/dev/zero")).value();
    const file end = pipe.reader();
    const auto before = submitted();
    auto reader =
        spawn(read_behind(end, logged_bytes(small, ended), zero, logged_bytes(small, ended)));
    auto other = spawn(read_twice(zero, 1));
    co_await yield();
    reader.abort();
    EXPECT_EQ(ended, 2);
    const std::size_t sum = co_await std::move(other);
    EXPECT_EQ(sum, 2 * small);
    EXPECT_EQ(submitted() - before, 2U);
  });
}

TEST(linked_end, one_in_flight_at_the_end_of_its_runtime_is_cancelled_with_it) {
  const pipe_pair pipe;
  int ended = 0;
  {
    runtime rt = test::make_runtime().value();
    rt.block_on([](const pipe_pair& p, int& log) -> task<> {
      const file zero = (co_await file::open("/dev/zero")).value();
      spawn(read_behind(p.reader(), logged_bytes(small, log), zero, logged_bytes(small, log)))
          .detach();
      co_await until_submitted();
    }(pipe, ended));
    EXPECT_EQ(ended, 0);
  }
  EXPECT_EQ(ended, 2);
}

TEST(linked_end, a_chain_is_a_branch_and_may_be_abandoned) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    const file zero = (co_await file::open("/dev/zero")).value();
    const file end = pipe.reader();
    auto any = co_await when_any(linked(zero.read_at(room(), 0), end.read(room())),
                                 linked(zero.read_at(room(), 0), zero.read_at(room(), 0)));
    EXPECT_EQ(any.first, 1U);
    EXPECT_EQ(std::get<0>(std::get<0>(any.results)).res, small);
    EXPECT_EQ(error_of(std::get<1>(std::get<0>(any.results)).res), errc::canceled);
    auto [left, lost] = co_await abandon_after(std::chrono::milliseconds(1),
                                               linked(zero.read_at(room(), 0), end.read(room())));
    EXPECT_EQ(error_of(left.res), errc::timed_out);
    EXPECT_FALSE(left.buf);
    EXPECT_FALSE(lost.buf);
    auto [a, b] = co_await abandon_after(std::chrono::hours(1),
                                         linked(zero.read_at(room(), 0), zero.sync_data()));
    EXPECT_TRUE(a.buf);
    (void)b;
  });
}

TEST(linked_end, in_a_stopped_task_ends_at_once) {
  run([]() -> task<> {
    const file zero = (co_await file::open("/dev/zero")).value();
    std::stop_source source;
    source.request_stop();
    const auto before = submitted();
    auto [a, b] = co_await stop_on(source.get_token(),
                                   linked(zero.read_at(room(), 0), zero.read_at(room(), 0)));
    EXPECT_EQ(error_of(a.res), errc::canceled);
    EXPECT_EQ(error_of(b.res), errc::canceled);
    EXPECT_EQ(submitted(), before);
  });
}

// A kernel that takes a part of a chain only, for want of memory.

TEST(linked_end, what_the_kernel_leaves_of_a_chain_is_not_started_later) {
  const temp_dir dir;
  fake::kernel_options options{.partial = 1000, .cuts_chains = true};
  runtime rt = detail::runtime_access::make(std::make_unique<fake::kernel>(options), {}).value();
  rt.block_on([](const temp_dir& in) -> task<> {
    const file f = co_await open_new(in.path() / "file");
    for (int i = 0; i < 100; ++i) {
      auto [a, b, c] = co_await linked(f.write_at(chars_of("a"), 0), f.write_at(chars_of("b"), 1),
                                       f.write_at(chars_of("c"), 2));
      EXPECT_EQ(a.res, 1U);
      if (b.res) {
        EXPECT_EQ(error_of(c.res), std::errc::not_enough_memory);
      } else {
        EXPECT_EQ(error_of(b.res), std::errc::not_enough_memory);
        EXPECT_EQ(error_of(c.res), errc::chain_broken);
      }
      EXPECT_EQ(c.buf, chars_of("c"));
    }
  }(dir));
}

}  // namespace
}  // namespace carousel
