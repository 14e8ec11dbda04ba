#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "support/bytes.hpp"
#include "support/in_flight.hpp"
#include "support/linux_version.hpp"
#include "support/logged_bytes.hpp"
#include "support/open_fds.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/small.hpp"

// A coroutine may die at any moment. What the kernel borrowed comes home, and no byte goes astray.

namespace carousel {
namespace {

using test::logged_bytes;
using test::open_fds;
using test::pipe_pair;
using test::read_fixed_once;
using test::run;
using test::small;
using test::text_of;
using test::until_submitted;

task<> read_into(file from, logged_bytes into) {
  auto r = co_await from.read(std::move(into));
  ADD_FAILURE() << "a read that was to be aborted went on";
}

task<std::string> next_bytes(const file& from, fixed_buf lease) {
  auto r = co_await from.read_fixed(std::move(lease));
  EXPECT_TRUE(r.res);
  co_return text_of(r.buf.bytes());
}

TEST(in_flight, an_aborted_fixed_read_gives_its_lease_back_and_takes_no_bytes) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    EXPECT_TRUE(pool.register_buffers());
    const file end = pipe.reader();
    auto reader = spawn(read_fixed_once, end, pool);
    co_await until_submitted();
    EXPECT_FALSE(pool.try_next(small));
    reader.abort();
    auto lease = co_await pool.next(small);
    EXPECT_TRUE(lease);
    EXPECT_EQ(lease->size(), 0U);
    pipe.put("for the next reader");
    const std::string got = co_await next_bytes(end, std::move(*lease));
    EXPECT_EQ(got, "for the next reader");
  });
}

TEST(in_flight, an_aborted_plain_read_keeps_its_memory_until_it_is_over_and_takes_no_bytes) {
  const pipe_pair pipe;
  int ended = 0;
  run([&]() -> task<> {
    const file end = pipe.reader();
    auto reader = spawn(read_into, end, logged_bytes(small, ended));
    co_await until_submitted();
    reader.abort();
    EXPECT_EQ(ended, 0);  // the kernel has it
    while (ended == 0) co_await yield();
    pipe.put("for the next reader");
    std::vector<std::byte> into(small);
    auto r = co_await end.read(std::move(into));
    EXPECT_EQ(r.res.value_or(0), 19U);
  });
  EXPECT_EQ(ended, 1);
}

TEST(in_flight, an_operation_aborted_before_its_submission_never_reaches_the_kernel) {
  const pipe_pair pipe;
  runtime rt = test::make_runtime().value();
  const auto pool = fixed_buf_pool::make({{small, 1}}).value();
  auto body = [&]() -> task<> {
    EXPECT_TRUE(pool.register_buffers());
    auto reader = spawn(read_fixed_once, pipe.reader(), pool);
    const auto before = rt.stats();
    co_await yield();
    EXPECT_FALSE(pool.try_next(small));
    reader.abort();
    EXPECT_TRUE(pool.try_next(small));
    co_await until_submitted();
    EXPECT_EQ(rt.stats().operations, before.operations);
    EXPECT_EQ(rt.stats().cancels, before.cancels);
  };
  rt.block_on(body());
}

TEST(in_flight, a_read_that_completed_unseen_gives_its_lease_back_in_the_same_turn) {
  if (test::pipe_reads_always_wait()) GTEST_SKIP() << "reads of pipes always wait here";
  const pipe_pair pipe;
  pipe.put("bytes");
  runtime rt = test::make_runtime().value();
  const auto body = [&]() -> task<> {
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    EXPECT_TRUE(pool.register_buffers());
    auto reader = spawn(read_fixed_once, pipe.reader(), pool);
    // The completion is there, and the turn comes to it after this task.
    co_await until_submitted();
    EXPECT_EQ(pipe.take(), "");
    EXPECT_FALSE(reader.done());
    const auto before = rt.stats();
    reader.abort();
    co_await yield();
    EXPECT_TRUE(pool.try_next(small));
    EXPECT_EQ(rt.stats().cancels, before.cancels);
  };
  rt.block_on(body());
}

TEST(in_flight, an_aborted_write_leaves_the_pipe_as_it_was) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    const file end = pipe.writer();
    const std::string full(65'536, 'x');
    pipe.put(full);
    auto writer = spawn([&end]() -> task<> {
      std::vector<char> more(100, 'y');
      auto r = co_await end.write(std::move(more));
      ADD_FAILURE() << "a write that was to be aborted went on";
    });
    co_await until_submitted();
    writer.abort();
    co_await until_submitted();
    EXPECT_EQ(pipe.take(), full);
    co_await until_submitted();
    EXPECT_EQ(pipe.take(), "");
  });
}

TEST(in_flight, a_thousand_aborted_opens_leave_no_descriptor) {
  const std::size_t before = open_fds();
  run([]() -> task<> {
    const auto open_one = []() -> task<> {
      auto f = co_await file::open("/dev/null");
      EXPECT_TRUE(f);
    };
    for (int turns = 0; turns < 4; ++turns) {  // not started, queued, in the kernel, completed
      std::vector<join_handle<void>> all;
      for (int i = 0; i < 250; ++i) all.push_back(spawn(open_one));
      for (int i = 0; i < turns; ++i) co_await yield();
      for (auto& one : all) one.abort();
    }
  });
  EXPECT_EQ(open_fds(), before);
}

TEST(in_flight, the_file_of_an_aborted_read_closes_when_the_kernel_has_let_go) {
  const pipe_pair pipe;
  const std::size_t before = open_fds();
  run([&]() -> task<> {
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    EXPECT_TRUE(pool.register_buffers());
    auto reader = spawn(read_fixed_once, pipe.reader(), pool);
    co_await until_submitted();
    reader.abort();
    auto lease = co_await pool.next(small);
    EXPECT_TRUE(lease);
  });
  EXPECT_EQ(open_fds(), before);
}

task<> abort_five_thousand(const file& end) {
  constexpr std::size_t many = 5'000;
  const auto pool = fixed_buf_pool::make({{small, many}}).value();
  EXPECT_TRUE(pool.register_buffers());
  std::vector<join_handle<void>> readers;
  for (std::size_t i = 0; i < many; ++i) readers.push_back(spawn(read_fixed_once, end, pool));
  while (pool.try_next(small)) co_await yield();
  co_await until_submitted();
  for (auto& reader : readers) reader.abort();
  std::vector<fixed_buf> back;
  while (back.size() < many) {
    auto lease = co_await pool.next(small);
    back.push_back(std::move(*lease));
  }
  EXPECT_FALSE(pool.try_next(small));
}

TEST(in_flight, five_thousand_reads_aborted_at_once_give_back_every_lease) {
  const pipe_pair pipe;
  run([&]() -> task<> { co_await abort_five_thousand(pipe.reader()); });
}

TEST(in_flight, reads_that_stand_in_line_for_a_slot_are_aborted_like_the_others) {
  const pipe_pair pipe;
  run([&]() -> task<> { co_await abort_five_thousand(pipe.reader()); }, {.operations_max = 256});
  pipe.put("untouched");
  EXPECT_EQ(pipe.take(), "untouched");
}

}  // namespace
}  // namespace carousel
