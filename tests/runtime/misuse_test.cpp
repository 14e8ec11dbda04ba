#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <cstddef>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "support/bytes.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/small.hpp"

// Programmer errors stop the process with a sentence, in every build.

namespace carousel {
namespace {

using test::pipe_pair;
using test::run;
using test::small;

// NOLINTBEGIN(bugprone-use-after-move): that is what these are about

fixed_buf_pool pool_of_one() { return fixed_buf_pool::make({{small, 1}}).value(); }

task<> nothing() { co_return; }

TEST(misuse_death, a_lease_that_was_moved_from_says_so) {
  const auto pool = pool_of_one();
  fixed_buf lease = pool.try_next(small).value();
  const fixed_buf taken = std::move(lease);
  EXPECT_DEATH((void)lease.size(), "this fixed_buf was moved from");
  EXPECT_DEATH((void)lease.bytes(), "this fixed_buf was moved from");
  EXPECT_DEATH(lease.append(test::bytes_of("x")), "this fixed_buf was moved from");
}

TEST(misuse_death, reading_into_a_lease_that_was_moved_from_says_so) {
  EXPECT_DEATH(run([]() -> task<> {
                 const pipe_pair pipe;
                 const auto pool = pool_of_one();
                 fixed_buf lease = pool.try_next(small).value();
                 const fixed_buf taken = std::move(lease);
                 (void)co_await pipe.reader().read(std::move(lease));
               }),
               "this fixed_buf was moved from");
}

TEST(misuse_death, a_pool_that_was_moved_from_says_so) {
  fixed_buf_pool pool = pool_of_one();
  const fixed_buf_pool taken = std::move(pool);
  EXPECT_DEATH((void)pool.try_next(small), "this pool or registry was moved from or closed");
}

TEST(misuse_death, a_remote_channel_that_was_moved_from_says_so) {
  remote_channel<int> queue(1);
  const remote_channel<int> taken = std::move(queue);
  const char* const sentence = "this remote_channel was moved from";
  EXPECT_DEATH(queue.close(), sentence);
  EXPECT_DEATH((void)queue.closed(), sentence);
  EXPECT_DEATH((void)queue.try_send(1), sentence);
  EXPECT_DEATH((void)queue.try_receive(), sentence);
  EXPECT_DEATH((void)queue.send(1), sentence);
  EXPECT_DEATH((void)queue.receive(), sentence);
}

TEST(misuse_death, a_shared_future_that_was_moved_from_says_so) {
  shared_future<int> future;
  const shared_future<int> taken = std::move(future);
  const char* const sentence = "this shared_future was moved from";
  EXPECT_DEATH((void)future.ready(), sentence);
  EXPECT_DEATH((void)future.set(1), sentence);
  EXPECT_DEATH((void)future.fail(make_error_code(errc::canceled)), sentence);
  EXPECT_DEATH((void)future.wait(), sentence);
}

TEST(misuse_death, a_file_that_was_moved_from_says_so) {
  EXPECT_DEATH(run([]() -> task<> {
                 const pipe_pair pipe;
                 file end = pipe.reader();
                 const file taken = std::move(end);
                 (void)co_await end.read(std::vector<char>(1));
               }),
               "this file, directory or socket was moved from");
}

TEST(misuse_death, a_task_that_was_moved_from_or_awaited_says_so) {
  EXPECT_DEATH(run([]() -> task<> {
                 auto one = nothing();
                 auto taken = std::move(one);
                 co_await std::move(one);
               }),
               "a task is awaited once, and not after it was moved from");
  EXPECT_DEATH(run([]() -> task<> {
                 auto one = nothing();
                 co_await std::move(one);
                 co_await std::move(one);
               }),
               "a task is awaited once, and not after it was moved from");
}

TEST(misuse_death, a_join_handle_that_was_awaited_or_detached_says_so) {
  EXPECT_DEATH(run([]() -> task<> {
                 auto handle = spawn(nothing);
                 co_await std::move(handle);
                 handle.abort();
               }),
               "this join_handle was moved from, awaited or detached");
  EXPECT_DEATH(run([]() -> task<> {
                 auto handle = spawn(nothing);
                 std::move(handle).detach();
                 co_await std::move(handle);
               }),
               "this join_handle was moved from, awaited or detached");
}

TEST(misuse_death, an_operation_that_was_awaited_or_moved_from_says_so) {
  EXPECT_DEATH(run([]() -> task<> {
                 auto opening = file::open("/dev/null");
                 (void)co_await opening;
                 (void)co_await opening;
               }),
               "an operation is awaited once, and not after it was moved from");
  EXPECT_DEATH(run([]() -> task<> {
                 auto opening = file::open("/dev/null");
                 auto taken = std::move(opening);
                 (void)co_await opening;
               }),
               "an operation is awaited once, and not after it was moved from");
}

TEST(misuse_death, a_runtime_that_was_moved_from_says_so) {
  runtime rt = runtime::make().value();
  const runtime taken = std::move(rt);
  EXPECT_DEATH(rt.block_on(nothing()), "this runtime was moved from or shut down");
  EXPECT_DEATH((void)rt.stats(), "this runtime was moved from or shut down");
}

TEST(misuse_death, an_operation_outside_of_a_runtime_says_so) {
  const auto pool = pool_of_one();
  EXPECT_DEATH((void)pool.register_buffers(), "carousel operations work inside a runtime only");
  EXPECT_DEATH((void)spawn(nothing), "carousel operations work inside a runtime only");
}

// The runtime of a death test is made in its child process: one that is inherited is another
// misuse.

TEST(misuse_death, a_runtime_on_another_thread_says_so) {
  const auto elsewhere = [](auto what) {
    runtime rt = runtime::make().value();
    std::thread([&] { what(rt); }).join();
  };
  EXPECT_DEATH(elsewhere([](runtime& rt) { rt.block_on(nothing()); }),
               "a runtime belongs to the thread that made it");
  EXPECT_DEATH(elsewhere([](runtime& rt) { (void)rt.shutdown(std::chrono::seconds(1)); }),
               "a runtime belongs to the thread that made it");
}

TEST(misuse_death, a_registered_buffer_on_another_thread_says_so) {
  EXPECT_DEATH(run([]() -> task<> {
                 const auto pool = pool_of_one();
                 EXPECT_TRUE(pool.register_buffers());
                 auto lease = pool.try_next(small);
                 std::thread([&] { lease.reset(); }).join();
                 co_return;
               }),
               "a registered pool and its buffers belong to the thread of their runtime");
}

TEST(misuse_death, a_file_in_use_that_closes_on_another_thread_says_so) {
  EXPECT_DEATH(run([]() -> task<> {
                 std::optional opened = (co_await file::open("/dev/zero")).value();
                 for (int i = 0; i < 20; ++i) (void)co_await opened->read(std::vector<char>(1));
                 std::thread([&] { opened.reset(); }).join();
               }),
               "a file that operations have used belongs to the thread of their runtime");
}

TEST(misuse_death, driving_or_ending_a_runtime_from_inside_a_task_says_so) {
  const auto inside = [](auto what) {
    runtime rt = runtime::make().value();
    rt.block_on([&]() -> task<> {
      what(rt);
      co_return;
    }());
  };
  EXPECT_DEATH(inside([](runtime& rt) { rt.block_on(nothing()); }),
               "a runtime cannot be driven from inside a task");
  EXPECT_DEATH(inside([](runtime& rt) { (void)rt.poll(); }),
               "a runtime cannot be driven from inside a task");
  EXPECT_DEATH(inside([](runtime& rt) { (void)rt.shutdown(std::chrono::seconds(1)); }),
               "a runtime cannot be driven from inside a task");
}

TEST(misuse_death, a_buffer_that_is_checked_in_twice_says_so) {
  const detail::collection_ref owner(
      detail::buf_collection::make(std::vector{buf_class{small, 2}}, {}).value());
  detail::buf_entry& entry = *owner->take(*owner->find(small), 0);
  owner->check_in(entry);
  EXPECT_DEATH(owner->check_in(entry), "a buffer was checked in twice");
}

TEST(misuse_death, a_write_beyond_a_buffer_is_found_at_check_in) {
  if (!detail::guards_are_checked) GTEST_SKIP() << "guards are in debug builds";
  const auto pool = fixed_buf_pool::make({{100, 2}}).value();
  auto lease = pool.try_next(100);
  std::byte* const first = lease->spare().data();
  EXPECT_DEATH(
      {
        first[100] = std::byte{1};
        lease.reset();
      },
      "somebody wrote beyond the end of a buffer");
}

// NOLINTEND(bugprone-use-after-move)

}  // namespace
}  // namespace carousel
