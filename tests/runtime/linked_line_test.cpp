#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "support/in_flight.hpp"
#include "support/logged_bytes.hpp"
#include "support/make_runtime.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/small.hpp"

// Chains that stand in line for the slot of their next member.

namespace carousel {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using test::logged_bytes;
using test::pipe_pair;
using test::room;
using test::run;
using test::small;
using test::until_submitted;

constexpr unsigned slots = 256;

task<std::size_t> read_twice_in_time(file from) {
  auto [a, b] =
      co_await timeout(hours(1), linked(from.read_at(room(), 0), from.read_at(room(), 0)));
  co_return a.res.value_or(0) + b.res.value_or(0);
}

task<std::size_t> read_twice(file from) {
  auto [a, b] = co_await linked(from.read_at(room(), 0), from.read_at(room(), 0));
  co_return a.res.value_or(0) + b.res.value_or(0);
}

TEST(linked_line, chains_at_the_limit_of_operations_do_not_wait_for_each_other) {
  run(
      []() -> task<> {
        const file zero = (co_await file::open("/dev/zero")).value();
        std::vector<join_handle<std::size_t>> all;
        for (unsigned i = 0; i < 2 * slots; ++i) all.push_back(spawn(read_twice_in_time(zero)));
        all.push_back(spawn(read_twice(zero)));
        std::size_t sum = 0;
        for (auto& each : all) sum += co_await std::move(each);
        EXPECT_EQ(sum, std::size_t{2} * (2 * slots + 1) * small);
      },
      {.operations_max = slots});
}

task<> read_both(file from, logged_bytes into, file other, logged_bytes more) {
  (void)co_await timeout(hours(1),
                         linked(from.read(std::move(into)), other.read_at(std::move(more), 0)));
  ADD_FAILURE() << "a chain that was to be aborted went on";
}

/// As many reads as there are slots, so that whoever comes stands in line.
std::vector<join_handle<void>> fill_slots(const file& silent) {
  std::vector<join_handle<void>> all;
  for (unsigned i = 0; i < slots; ++i) {
    all.push_back(spawn([](file of) -> task<> { (void)co_await of.read(room()); }(silent)));
  }
  return all;
}

/// Its first member has ended, and the chain stands in line for the second.
TEST(linked_line, one_that_is_destroyed_in_line_gives_back_what_has_ended) {
  const pipe_pair pipe;
  const pipe_pair silent;
  int first = 0;
  int second = 0;
  run(
      [&]() -> task<> {
        const file zero = (co_await file::open("/dev/zero")).value();
        const file never = silent.reader();
        auto reader = spawn(read_both(pipe.reader(), logged_bytes(small, first), zero,
                                      logged_bytes(small, second)));
        co_await until_submitted();
        auto others = fill_slots(never);
        co_await yield();
        pipe.put(std::string(small, 'x'));
        while (pipe.waiting() != 0) co_await sleep_for(milliseconds(1));
        co_await yield();
        EXPECT_FALSE(reader.done());
        reader.abort();
        EXPECT_EQ(first, 1);
        EXPECT_EQ(second, 1);
        for (auto& each : others) each.abort();
      },
      {.operations_max = slots});
}

TEST(linked_line, a_file_of_a_member_that_has_ended_may_be_closed_in_line) {
  const pipe_pair pipe;
  const pipe_pair silent;
  run(
      [&]() -> task<> {
        file early = pipe.reader();
        const file never = silent.reader();
        auto reader = spawn([](file from, file to) -> task<> {
          auto [got, put] = co_await timeout(
              hours(1), linked(from.read(std::vector<char>(4)), to.read_at(room(), 0)));
          EXPECT_EQ(got.res, 4U);
          EXPECT_EQ(got.buf.size(), 4U);
          EXPECT_EQ(put.res, small);
        }(early, (co_await file::open("/dev/zero")).value()));
        co_await until_submitted();
        auto others = fill_slots(never);
        co_await yield();
        auto closer = spawn([](file f) -> task<> {
          const auto closed = co_await std::move(f).close();
          EXPECT_TRUE(closed);
        }(std::move(early)));
        co_await yield();
        pipe.put("four");
        while (pipe.waiting() != 0) co_await sleep_for(milliseconds(1));
        for (auto& each : others) each.abort();
        co_await std::move(closer);
        co_await std::move(reader);
      },
      {.operations_max = slots});
}

TEST(linked_line, the_files_of_a_splice_that_has_ended_are_free_when_its_chain_is_destroyed) {
  const pipe_pair from;
  const pipe_pair to;
  const pipe_pair silent;
  run(
      [&]() -> task<> {
        file source = from.reader();
        file sink = to.writer();
        const file never = silent.reader();
        auto mover = spawn([](file a, file b) -> task<> {
          (void)co_await timeout(hours(1),
                                 linked(splice_bytes(a, b, 4), a.read(std::vector<char>(4))));
        }(source, sink));
        co_await until_submitted();
        auto others = fill_slots(never);
        co_await yield();
        from.put("four");
        while (to.waiting() != 4) co_await sleep_for(milliseconds(1));
        co_await yield();
        mover.abort();
        for (auto& each : others) each.abort();
        const auto source_closed = co_await std::move(source).close();
        EXPECT_TRUE(source_closed);
        const auto sink_closed = co_await std::move(sink).close();
        EXPECT_TRUE(sink_closed);
      },
      {.operations_max = slots});
}

TEST(linked_line, a_runtime_ends_with_chains_in_line) {
  const pipe_pair pipe;
  const pipe_pair silent;
  int first = 0;
  int second = 0;
  {
    runtime rt = test::make_runtime({.operations_max = slots}).value();
    rt.block_on([](const pipe_pair& from, const pipe_pair& never, int& one, int& other) -> task<> {
      const file zero = (co_await file::open("/dev/zero")).value();
      spawn(read_both(from.reader(), logged_bytes(small, one), zero, logged_bytes(small, other)))
          .detach();
      co_await until_submitted();
      for (auto& each : fill_slots(never.reader())) std::move(each).detach();
      co_await yield();
      from.put(std::string(small, 'x'));
      while (from.waiting() != 0) co_await sleep_for(milliseconds(1));
      co_await yield();
      EXPECT_EQ(one, 0);
    }(pipe, silent, first, second));
  }
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 1);
}

}  // namespace
}  // namespace carousel
