#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <set>
#include <string>
#include <vector>

#include "support/content.hpp"
#include "support/linux_version.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"

// More operations than the ring has entries, and more than may be in flight.

namespace carousel {
namespace {

using test::pipe_pair;
using test::run;

constexpr std::size_t digits = 4;

std::string number(int n) { return std::to_string(10'000 + n).substr(1); }

task<int> read_number(file from) {
  const auto r = co_await from.read(std::vector<char>(digits));
  EXPECT_EQ(r.res, digits);
  co_return std::stoi(std::string(r.buf.begin(), r.buf.end()));
}

task<std::size_t> read_zeroes(file zeroes) {
  const auto r = co_await zeroes.read_at(owned_bytes::with_capacity(100), 0);
  co_return r.res.value_or(0);
}

template <class T>
task<std::vector<T>> all_of(std::vector<join_handle<T>> handles) {
  std::vector<T> values;
  for (auto& handle : handles) values.push_back(co_await std::move(handle));
  co_return values;
}

TEST(tiny_ring, one_entry_takes_500_concurrent_reads) {
  run(
      []() -> task<> {
        const auto opened = co_await file::open("/dev/zero");
        std::vector<join_handle<std::size_t>> reads;
        for (int i = 0; i < 500; ++i) reads.push_back(spawn(read_zeroes(opened.value())));
        const auto sizes = co_await all_of(std::move(reads));
        EXPECT_EQ(sizes, std::vector<std::size_t>(500, 100));
      },
      {.entries = 1});
}

TEST(tiny_ring, one_entry_takes_500_reads_that_wait) {
  run(
      []() -> task<> {
        const pipe_pair pipe;
        const file reader = pipe.reader();
        std::vector<join_handle<int>> reads;
        for (int i = 0; i < 500; ++i) reads.push_back(spawn(read_number(reader)));
        for (int turns = 0; turns < 3; ++turns) co_await yield();
        for (int i = 0; i < 500; ++i) pipe.put(number(i));
        const auto numbers = co_await all_of(std::move(reads));
        EXPECT_EQ(std::set<int>(numbers.begin(), numbers.end()).size(), 500U);
      },
      {.entries = 1});
}

TEST(tiny_ring, reads_beyond_the_limit_wait_in_line_and_all_finish) {
  run(
      []() -> task<> {
        const pipe_pair pipe;
        const file reader = pipe.reader();
        std::vector<join_handle<int>> reads;
        for (int i = 0; i < 600; ++i) reads.push_back(spawn(read_number(reader)));
        for (int turns = 0; turns < 3; ++turns) co_await yield();
        for (int i = 0; i < 600; ++i) pipe.put(number(i));
        const auto numbers = co_await all_of(std::move(reads));
        EXPECT_EQ(std::set<int>(numbers.begin(), numbers.end()).size(), 600U);
      },
      {.operations_max = 256});
}

TEST(tiny_ring, the_line_for_a_slot_is_first_in_first_out) {
  if (test::pipe_reads_always_wait()) GTEST_SKIP() << "reads of pipes always wait here";
  run(
      []() -> task<> {
        const pipe_pair blocking;
        const pipe_pair full;
        for (int i = 0; i < 344; ++i) full.put(number(i));
        const file blocked = blocking.reader();
        const file ready = full.reader();
        std::vector<join_handle<int>> holders;
        std::vector<join_handle<int>> waiters;
        for (int i = 0; i < 256; ++i) holders.push_back(spawn(read_number(blocked)));
        for (int i = 0; i < 344; ++i) waiters.push_back(spawn(read_number(ready)));
        for (int turns = 0; turns < 3; ++turns) co_await yield();
        for (const auto& waiter : waiters) EXPECT_FALSE(waiter.done());

        for (int i = 0; i < 256; ++i) blocking.put(number(i));
        const auto numbers = co_await all_of(std::move(waiters));
        std::vector<int> in_order;
        for (int i = 0; i < 344; ++i) in_order.push_back(i);
        EXPECT_EQ(numbers, in_order);
        (void)co_await all_of(std::move(holders));
      },
      {.operations_max = 256});
}

TEST(tiny_ring, a_task_that_dies_in_the_line_leaves_it) {
  run(
      []() -> task<> {
        const pipe_pair pipe;
        const file reader = pipe.reader();
        std::vector<join_handle<int>> reads;
        for (int i = 0; i < 300; ++i) reads.push_back(spawn(read_number(reader)));
        for (int turns = 0; turns < 3; ++turns) co_await yield();
        for (int i = 0; i < 10; ++i) {
          reads.back().abort();
          reads.pop_back();
        }
        for (int i = 0; i < 290; ++i) pipe.put(number(i));
        const auto numbers = co_await all_of(std::move(reads));
        EXPECT_EQ(std::set<int>(numbers.begin(), numbers.end()).size(), 290U);
      },
      {.operations_max = 256});
}

TEST(tiny_ring, concurrent_reads_go_out_together) {
  runtime rt = test::make_runtime().value();
  rt.block_on([&]() -> task<> {
    const auto opened = co_await file::open("/dev/zero");
    const runtime_stats before = rt.stats();
    std::vector<join_handle<std::size_t>> reads;
    for (int i = 0; i < 32; ++i) reads.push_back(spawn(read_zeroes(opened.value())));
    const auto sizes = co_await all_of(std::move(reads));
    const runtime_stats after = rt.stats();
    EXPECT_EQ(sizes, std::vector<std::size_t>(32, 100));
    // The first may do without the ring: nobody waits for it then.
    EXPECT_GE(after.operations - before.operations, 31U);
    EXPECT_LE(after.enters - before.enters, 4U);
  }());
}

}  // namespace
}  // namespace carousel
