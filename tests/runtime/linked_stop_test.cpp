#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <memory>
#include <stop_token>
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

// Chains inside of verbs: each member goes to the kernel when the one before it has ended, so that
// a stop keeps the others from beginning.

namespace carousel {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
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

constexpr std::uint64_t seeds = 20;

/// Its operations on files run a while, and a cancel does not end all of them.
runtime slow_runtime(std::uint64_t seed) {
  const fake::kernel_options options{.seed = seed, .async = 1000, .delay_max = milliseconds(1)};
  return detail::runtime_access::make(std::make_unique<fake::kernel>(options), {}).value();
}

task<bool> write_until_stopped(file to, std::stop_token token) {
  auto [first, second, synced] = co_await stop_on(
      token, linked(to.write_at(chars_of("a"), 0), to.write_at(chars_of("b"), 1), to.sync_data()));
  if (!first.res) {
    EXPECT_EQ(error_of(first.res), errc::canceled);
  }
  EXPECT_EQ(error_of(second.res), errc::canceled);
  EXPECT_EQ(second.buf, chars_of("b"));
  EXPECT_EQ(error_of(synced), errc::canceled);
  co_return first.res.has_value();
}

TEST(linked_stop, no_member_begins_after_a_stop) {
  int went_on = 0;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    const temp_dir dir;
    runtime rt = slow_runtime(seed);
    const bool wrote = rt.block_on([](const temp_dir& in) -> task<bool> {
      const file f = co_await open_new(in.path() / "file");
      std::stop_source source;
      auto writer = spawn(write_until_stopped(f, source.get_token()));
      co_await until_submitted();
      source.request_stop();
      co_return co_await std::move(writer);
    }(dir));
    EXPECT_EQ(content_of(dir.path() / "file"), wrote ? "a" : "");
    went_on += static_cast<int>(wrote);
  }
  EXPECT_GT(went_on, 0) << "a write in a worker goes on after a stop";
}

task<> write_both(file to, logged_bytes first, logged_bytes second) {
  (void)co_await timeout(
      hours(1), linked(to.write_at(std::move(first), 0), to.write_at(std::move(second), small)));
  ADD_FAILURE() << "a chain that was to be aborted went on";
}

TEST(linked_stop, no_member_begins_after_the_awaiting_coroutine_was_destroyed) {
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    const temp_dir dir;
    int first = 0;
    int second = 0;
    runtime rt = slow_runtime(seed);
    rt.block_on([](const temp_dir& in, int& one, int& other) -> task<> {
      const file f = co_await open_new(in.path() / "file");
      auto writer = spawn(write_both(f, logged_bytes(small, one), logged_bytes(small, other)));
      co_await until_submitted();
      writer.abort();
      EXPECT_EQ(other, 1) << "what has not begun goes at once";
      co_await sleep_for(milliseconds(100));
    }(dir, first, second));
    EXPECT_EQ(first, 1);
    EXPECT_LE(content_of(dir.path() / "file").size(), small);
  }
}

TEST(linked_stop, each_goes_to_the_kernel_when_the_one_before_has_ended) {
  const pipe_pair from;
  const pipe_pair to;
  run([&]() -> task<> {
    const auto before = submitted();
    auto passing = spawn([](file in, file out) -> task<> {
      auto [got, put] = co_await timeout(
          hours(1), linked(in.read(std::vector<char>(4)), out.write(chars_of("x"))));
      EXPECT_EQ(got.res, 4U);
      EXPECT_EQ(put.res, 1U);
    }(from.reader(), to.writer()));
    co_await until_submitted();
    EXPECT_EQ(submitted() - before, 1U);
    from.put("four");
    co_await std::move(passing);
    EXPECT_EQ(submitted() - before, 2U);
    EXPECT_EQ(to.take(), "x");
  });
}

TEST(linked_stop, what_is_short_breaks_the_chain) {
  const temp_dir dir;
  (void)dir.make("file", "four");
  run([&]() -> task<> {
    const file f = co_await open_new(dir.path() / "file");
    auto [read, written, synced] = co_await timeout(
        hours(1),
        linked(f.read_at(std::vector<char>(5), 0), f.write_at(chars_of("never"), 0), f.sync_all()));
    EXPECT_EQ(read.res, 4U);
    EXPECT_EQ(error_of(written.res), errc::chain_broken);
    EXPECT_EQ(written.buf, chars_of("never"));
    EXPECT_EQ(error_of(synced), errc::chain_broken);
  });
  EXPECT_EQ(content_of(dir.path() / "file"), "four");
}

TEST(linked_stop, a_member_that_is_refused_leaves_all_unstarted) {
  run([]() -> task<> {
    const file zero = (co_await file::open("/dev/zero")).value();
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    const auto before = submitted();
    auto [first, second, refused] =
        co_await timeout(hours(1), linked(zero.read_at(room(), 0), zero.read_at(room(), 0),
                                          zero.read_fixed_at(pool.try_next(small).value(), 0)));
    EXPECT_EQ(error_of(first.res), errc::chain_broken);
    EXPECT_EQ(error_of(second.res), errc::chain_broken);
    EXPECT_EQ(error_of(refused.res), errc::not_registered);
    EXPECT_EQ(submitted(), before);
  });
}

task<> read_and_use_a_lease(file first, file second, fixed_buf lease) {
  auto [got, refused, never] = co_await timeout(
      hours(1), linked(first.read(std::vector<char>(4)), second.read_fixed_at(std::move(lease), 0),
                       second.read_at(room(), 0)));
  EXPECT_EQ(got.res, 4U);
  EXPECT_EQ(error_of(refused.res), errc::not_registered);
  EXPECT_EQ(refused.buf.capacity(), small);
  EXPECT_EQ(error_of(never.res), errc::chain_broken);
}

TEST(linked_stop, a_member_that_may_not_begin_any_more_ends_the_chain_with_its_error) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    const file zero = (co_await file::open("/dev/zero")).value();
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    EXPECT_TRUE(pool.register_buffers());
    auto reader = spawn(read_and_use_a_lease(pipe.reader(), zero, pool.try_next(small).value()));
    co_await until_submitted();
    EXPECT_TRUE(pool.unregister_buffers());
    pipe.put("four");
    co_await std::move(reader);
  });
}

task<> read_and_write(file from, file to) {
  auto [got, refused] = co_await timeout(
      hours(1), linked(from.read(std::vector<char>(4)), to.write_at(chars_of("x"), 0)));
  EXPECT_EQ(got.res, 4U);
  EXPECT_EQ(error_of(refused.res), std::errc::bad_file_descriptor);
}

TEST(linked_stop, a_file_of_a_member_that_has_not_begun_may_be_closed) {
  const temp_dir dir;
  const pipe_pair pipe;
  run([&]() -> task<> {
    file f = co_await open_new(dir.path() / "file");
    auto reader = spawn(read_and_write(pipe.reader(), f));
    co_await until_submitted();
    const auto closed = co_await std::move(f).close();
    EXPECT_TRUE(closed);
    pipe.put("four");
    co_await std::move(reader);
  });
}

task<std::size_t> read_twice_in_time(file from) {
  auto [a, b] =
      co_await timeout(hours(1), linked(from.read_at(room(), 0), from.read_at(room(), 0)));
  co_return a.res.value_or(0) + b.res.value_or(0);
}

TEST(linked_stop, each_member_stands_in_line_where_others_do) {
  run(
      []() -> task<> {
        const file zero = (co_await file::open("/dev/zero")).value();
        std::vector<join_handle<std::size_t>> all;
        for (int i = 0; i < 100; ++i) all.push_back(spawn(read_twice_in_time(zero)));
        std::size_t sum = 0;
        for (auto& each : all) sum += co_await std::move(each);
        EXPECT_EQ(sum, std::size_t{200} * small);
      },
      {.entries = 2});
}

TEST(linked_stop, a_pool_is_unregistered_while_a_member_that_has_ended_has_a_lease) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    const file zero = (co_await file::open("/dev/zero")).value();
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    EXPECT_TRUE(pool.register_buffers());
    auto reader = spawn([](file from, fixed_buf lease, file silent) -> task<> {
      auto [got, rest] = co_await timeout(hours(1), linked(from.read_fixed_at(std::move(lease), 0),
                                                           silent.read(std::vector<char>(4))));
      EXPECT_EQ(got.res, small);
      EXPECT_EQ(got.buf.size(), small);
      EXPECT_EQ(rest.res, 4U);
    }(zero, pool.try_next(small).value(), pipe.reader()));
    co_await until_submitted();
    co_await until_submitted();
    EXPECT_TRUE(pool.unregister_buffers());
    EXPECT_TRUE(pool.register_buffers());
    pipe.put("four");
    co_await std::move(reader);
  });
}

}  // namespace
}  // namespace carousel
