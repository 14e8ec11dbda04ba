#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <coroutine>
#include <functional>
#include <optional>
#include <stop_token>
#include <system_error>
#include <utility>

#include "support/embedded_checks.hpp"
#include "support/embedded_loop.hpp"
#include "support/foreign.hpp"
#include "support/open_fds.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/small.hpp"

// A coroutine that no task owns is left suspended when its runtime ends. Whatever it waits for
// happens later, in another runtime or outside of all: it is not resumed, nobody touches the
// runtime that is gone, and what it would have got is for the next.

namespace carousel {
namespace {

using std::chrono::hours;
using test::begin;
using test::embedded_loop;
using test::foreign;
using test::open_fds;
using test::pipe_pair;
using test::run;
using test::small;

/// Runs f() in a runtime that ends, and returns the coroutine that is left.
template <class F>
foreign left_behind_by(F f) {
  foreign left;
  run([&]() -> task<> {
    left = f();
    for (int turns = 0; turns < 3; ++turns) co_await yield();
    EXPECT_FALSE(left.done());
  });
  return left;
}

/// Waits for one thing alone, and must not go on.
template <class Wait>
foreign wait_for(Wait wait) {
  (void)co_await wait();
  ADD_FAILURE() << "its runtime has ended";
}

task<> wait_for_event(event& e, bool& ended) {
  (void)co_await e.wait();
  ended = true;
}

/// A task of another runtime, which turns until that has ended.
template <class F>
void run_elsewhere(embedded_loop& others, F f) {
  bool ended = false;
  others.rt.block_on([](F& work, bool& flag) -> task<> {
    spawn([&work, &flag]() -> task<> {
      co_await work();
      flag = true;
    }).detach();
    co_return;
  }(f, ended));
  others.run_until(ended);
}

/// A file that a task of another runtime reads, until the test lets it.
struct read_elsewhere {
  embedded_loop others;
  pipe_pair pipe;
  file shared = pipe.reader();
  bool ended = false;
  std::optional<join_handle<void>> reader;

  read_elsewhere() {
    others.rt.block_on([](read_elsewhere& self) -> task<> {
      self.reader = spawn([&self]() -> task<> {
        (void)co_await self.shared.read(owned_bytes::with_capacity(small));
        self.ended = true;
      });
      co_return;
    }(*this));
    others.settle();
  }
  [[nodiscard]] foreign close_left_behind() {
    return left_behind_by([&] { return wait_for([&] { return file(shared).close(); }); });
  }
};

TEST(left_behind, a_close_hears_nothing_of_the_end_of_another_runtimes_read) {
  const std::size_t before = open_fds();
  {
    read_elsewhere elsewhere;
    foreign closer = elsewhere.close_left_behind();
    elsewhere.pipe.put("x");
    elsewhere.others.run_until(elsewhere.ended);
    closer.destroy();
  }
  EXPECT_EQ(open_fds(), before);
}

TEST(left_behind, a_close_hears_nothing_of_another_runtimes_read_that_is_aborted) {
  const std::size_t before = open_fds();
  {
    read_elsewhere elsewhere;
    foreign closer = elsewhere.close_left_behind();
    elsewhere.reader->abort();
    elsewhere.others.settle();
  }
  EXPECT_EQ(open_fds(), before);
}

TEST(left_behind, a_close_that_dies_before_another_runtimes_read_ends_leaves_the_file_to_it) {
  const std::size_t before = open_fds();
  {
    read_elsewhere elsewhere;
    elsewhere.close_left_behind().destroy();
    elsewhere.pipe.put("x");
    elsewhere.others.run_until(elsewhere.ended);
  }
  EXPECT_EQ(open_fds(), before);
}

TEST(left_behind, a_close_hears_nothing_of_the_end_of_the_other_runtime) {
  const std::size_t before = open_fds();
  {
    read_elsewhere elsewhere;
    const foreign closer = elsewhere.close_left_behind();
    elsewhere.reader.reset();
    EXPECT_TRUE(elsewhere.others.rt.shutdown(std::chrono::seconds(5)));
    EXPECT_FALSE(elsewhere.ended);
  }
  EXPECT_EQ(open_fds(), before);
}

TEST(left_behind, a_close_hears_nothing_of_its_own_runtimes_read) {
  const std::size_t before = open_fds();
  {
    const pipe_pair pipe;
    const file shared = pipe.reader();
    const foreign closer = left_behind_by([&] {
      spawn([](file f) -> task<> { (void)co_await f.read(owned_bytes::with_capacity(small)); },
            shared)
          .detach();
      return wait_for([&]() -> task<> {
        co_await yield();  // until that reads
        (void)co_await file(shared).close();
      });
    });
  }
  EXPECT_EQ(open_fds(), before);
}

TEST(left_behind, a_join_hears_nothing_of_the_end_of_another_runtimes_task) {
  embedded_loop others;
  event end;
  bool ended = false;
  std::optional joined(begin(others, [&] { return wait_for_event(end, ended); }));
  const foreign joiner =
      left_behind_by([&] { return wait_for([&] { return std::move(*joined); }); });
  joined.reset();
  end.set();
  others.run_until(ended);
}

TEST(left_behind, who_joins_a_task_of_a_runtime_that_ends_is_told) {
  embedded_loop others;
  std::optional<join_handle<void>> joined;
  bool told = false;
  std::optional<runtime> first(test::make_runtime().value());
  first->block_on([](auto& handle) -> task<> {
    handle = spawn([]() -> task<> { co_await sleep_for(hours(1)); });
    co_return;
  }(joined));
  others.rt.block_on([](auto& handle, bool& flag) -> task<> {
    spawn([&handle, &flag]() -> task<> {
      EXPECT_THROW(co_await std::move(*handle), std::system_error);
      flag = true;
    }).detach();
    co_return;
  }(joined, told));
  others.settle();
  first.reset();
  others.run_until(told);
}

TEST(left_behind, a_waiter_of_an_event_hears_nothing_of_it) {
  event set;
  const foreign waiter = left_behind_by([&] { return wait_for([&] { return set.wait(); }); });
  set.set();
}

TEST(left_behind, a_permit_that_one_waited_for_is_for_the_next) {
  semaphore permits(1);
  auto held = permits.try_acquire();
  const foreign waiter =
      left_behind_by([&] { return wait_for([&] { return permits.acquire(); }); });
  embedded_loop others;
  held->release();
  run_elsewhere(others, [&]() -> task<> { EXPECT_TRUE(co_await permits.acquire()); });
}

TEST(left_behind, a_permit_that_one_was_given_in_the_last_turn_is_for_the_next) {
  semaphore permits(1);
  foreign waiter;
  {
    runtime rt = test::make_runtime().value();
    auto held = permits.try_acquire();
    rt.block_on([](semaphore& of, foreign& left) -> task<> {
      left = wait_for([&of] { return of.acquire(); });
      co_return;
    }(permits, waiter));
    held->release();  // it runs in the next turn, which never comes
  }
  EXPECT_FALSE(permits.try_acquire());
  waiter.destroy();
  EXPECT_TRUE(permits.try_acquire());
}

TEST(left_behind, a_value_that_one_waited_for_is_for_the_next) {
  channel<int> values(1);
  const foreign waiter = left_behind_by([&] { return wait_for([&] { return values.receive(); }); });
  int seven = 7;
  EXPECT_TRUE(values.try_send(seven));
  embedded_loop others;
  run_elsewhere(others, [&]() -> task<> { EXPECT_EQ(co_await values.receive(), 7); });
}

TEST(left_behind, a_value_that_one_could_not_send_is_not_sent_later) {
  channel<int> values(1);
  int one = 1;
  EXPECT_TRUE(values.try_send(one));
  const foreign sender = left_behind_by([&] { return wait_for([&] { return values.send(2); }); });
  EXPECT_EQ(values.try_receive(), 1);
  EXPECT_EQ(values.try_receive(), std::nullopt);
}

TEST(left_behind, a_lease_that_one_waited_for_is_for_the_next) {
  const auto pool = fixed_buf_pool::make({{small, 1}}).value();
  auto held = pool.try_next(small);
  const auto in_an_hour = std::chrono::steady_clock::now() + hours(1);
  const foreign waiter =
      left_behind_by([&] { return wait_for([&] { return pool.next(small, in_an_hour); }); });
  embedded_loop others;
  held.reset();
  run_elsewhere(others, [&]() -> task<> { EXPECT_TRUE(co_await pool.next(small)); });
}

TEST(left_behind, a_pools_close_hears_nothing_of_the_last_lease) {
  auto pool = fixed_buf_pool::make({{small, 1}}).value();
  auto held = pool.try_next(small);
  const foreign closer = left_behind_by(
      [&] { return wait_for([&]() -> task<> { (void)co_await std::move(pool).close(); }); });
  held.reset();
}

TEST(left_behind, branches_of_a_verb_hear_nothing_of_what_they_wait_for) {
  const auto left = [](auto verb_of) {
    event set;
    embedded_loop others;
    event end;
    bool ended = false;
    std::optional joined(begin(others, [&] { return wait_for_event(end, ended); }));
    foreign waiter = left_behind_by(
        [&] { return wait_for([&] { return verb_of(set.wait(), std::move(*joined)); }); });
    joined.reset();
    set.set();
    end.set();
    others.run_until(ended);
    waiter.destroy();
  };
  left([](auto a, auto b) { return when_any(std::move(a), std::move(b)); });
  left([](auto a, auto b) { return when_all(std::move(a), std::move(b)); });
  left([](auto a, auto b) { return when_all(timeout(hours(1), std::move(a)), std::move(b)); });
  left([](auto a, auto b) {
    return when_any(std::move(a), stop_on(std::stop_token(), std::move(b)));
  });
}

TEST(left_behind, a_stop_reaches_nobody) {
  std::stop_source source;
  event never;
  const foreign waiter = left_behind_by(
      [&] { return wait_for([&] { return stop_on(source.get_token(), never.wait()); }); });
  source.request_stop();
}

/// As everybody writes it.
struct resumes_inline {
  std::coroutine_handle<>& waiting;
  [[nodiscard]] static bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> h) const noexcept { waiting = h; }
  static void await_resume() noexcept {}
};

TEST(left_behind, what_is_not_the_librarys_resumes_nobody_in_a_task) {
  std::coroutine_handle<> waiting;
  const foreign waiter = left_behind_by(
      [&] { return wait_for([&]() -> task<> { co_await resumes_inline{waiting}; }); });
  waiting.resume();
}

TEST(left_behind, what_is_not_the_librarys_resumes_nobody_in_a_verb) {
  std::coroutine_handle<> waiting;
  const foreign waiter = left_behind_by(
      [&] { return wait_for([&] { return timeout(hours(1), resumes_inline{waiting}); }); });
  waiting.resume();
}

}  // namespace
}  // namespace carousel
