#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "fake/kernel.hpp"
#include "support/bytes.hpp"
#include "support/embedded_checks.hpp"
#include "support/embedded_loop.hpp"
#include "support/foreign.hpp"
#include "support/linux_version.hpp"
#include "support/make_runtime.hpp"
#include "support/meddling_kernel.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/small.hpp"
#include "support/throws_out.hpp"

// What the kernel, another thread or the clock brings, and what a poll has left undone, shows in
// may_wait() and in event_fd(), whenever a program asks for that one; and nothing else does.

namespace carousel {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using test::asked_early_and_late;
using test::begin;
using test::embedded_loop;
using test::error_of;
using test::expect_nothing_to_do;
using test::expect_wants_turn;
using test::foreign;
using test::pipe_pair;
using test::read_once;
using test::room;
using test::small;
using test::text_of;
using test::throws_out;

TEST(poll, a_block_on_that_leaves_others_ready_wants_a_turn) {
  asked_early_and_late([](embedded_loop& program) {
    int turns = 0;
    program.rt.block_on([](int& count) -> task<> {
      spawn(
          [](int& inner) -> task<> {
            for (; inner < 10; ++inner) co_await yield();
          },
          std::ref(count))
          .detach();
      co_return;
    }(turns));
    for (int before = turns; before < 10; ++before) {
      expect_wants_turn(program);
      program.turn();
    }
    program.settle();
    expect_nothing_to_do(program);
    EXPECT_EQ(turns, 10);
  });
}

TEST(poll, what_the_kernel_holds_back_wants_a_turn) {
  if (test::pipe_reads_always_wait()) GTEST_SKIP() << "a worker reads later";
  asked_early_and_late([](embedded_loop& program) {
    const pipe_pair pipe;
    bool ended = false;
    const auto reader = begin(program, [&] { return read_once(pipe, ended); });
    pipe.put("x");
    program.let_pass(nanoseconds::zero());
    expect_wants_turn(program);
    program.settle();
    EXPECT_TRUE(ended);
  });
}

TEST(poll, a_completion_takes_one_poll) {
  if (test::pipe_reads_always_wait()) GTEST_SKIP() << "a worker reads later";
  asked_early_and_late([](embedded_loop& program) {
    const pipe_pair pipe;
    bool ended = false;
    const auto reader = begin(program, [&] { return read_once(pipe, ended); });
    pipe.put("x");
    program.polls = 0;
    program.run_until(ended);
    EXPECT_EQ(program.polls, 1U);
  });
}

TEST(poll, more_completions_than_one_enter_brings_all_come) {
  constexpr std::size_t many = 300;
  embedded_loop program;
  EXPECT_FALSE(program.has_signal());
  std::deque<pipe_pair> pipes(many);
  std::size_t ended = 0;
  bool all = false;
  std::vector<join_handle<void>> readers;
  for (std::size_t i = 0; i < many; ++i) {
    readers.push_back(begin(program, [&, i]() -> task<> {
      (void)co_await pipes[i].reader().read(room());
      all = ++ended == many;
    }));
  }
  for (const pipe_pair& pipe : pipes) pipe.put("x");
  program.run_until(all);
}

TEST(poll, a_poll_that_an_exception_ends_leaves_what_it_has_not_done_to_another_one) {
  asked_early_and_late([](embedded_loop& program) {
    const pipe_pair pipe;
    pipe.put("x");
    bool ended = false;
    const auto throws = []() -> throws_out {
      co_await yield();
      co_await yield();
      throw std::runtime_error("out of the loop");
    };
    throws_out thrower;
    const auto start = [&]() -> task<> {
      spawn([&]() -> task<> {
        co_await yield();
        co_await read_once(pipe, ended);  // its request is written in the turn that does not end
      }).detach();
      thrower = throws();
      co_return;
    };
    EXPECT_THROW(
        {
          program.rt.block_on(start());
          program.settle();
        },
        std::runtime_error);
    EXPECT_FALSE(ended);
    expect_wants_turn(program);
    program.run_until(ended);
  });
}

foreign read_beside(const pipe_pair& pipe, fixed_buf lease) {
  (void)co_await pipe.reader().read(std::move(lease));
}

TEST(poll, an_orphan_that_an_exception_left_over_wants_a_turn) {
  if (test::pipe_reads_always_wait()) GTEST_SKIP() << "a worker reads later";
  asked_early_and_late([](embedded_loop& program) {
    const pipe_pair silent;
    const pipe_pair pipe;
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    const auto throws = [&]() -> throws_out {
      (void)co_await pipe.reader().read(room());
      throw std::runtime_error("out of the loop");
    };
    foreign reader;
    throws_out thrower;
    program.rt.block_on([&]() -> task<> {
      reader = read_beside(silent, std::move(*pool.try_next(small)));
      thrower = throws();
      co_return;
    }());
    program.settle();
    reader.destroy();
    EXPECT_TRUE(program.rt.poll());  // sends the cancel, whose answers come first
    pipe.put("x");
    program.let_pass(nanoseconds::zero());
    EXPECT_THROW(while (true) { EXPECT_TRUE(program.rt.poll()); }, std::runtime_error);
    if (!pool.try_next(small)) expect_wants_turn(program);
    program.settle();
    EXPECT_TRUE(pool.try_next(small));
  });
}

TEST(poll, requests_that_the_kernel_did_not_take_want_a_turn) {
  const auto m = std::make_shared<test::meddling>();
  bool refuses = true;
  m->refuse = [&](unsigned) { return refuses ? std::optional(-EAGAIN) : std::nullopt; };
  for (const bool early : {true, false}) {
    embedded_loop program(std::make_unique<test::meddling_kernel>(m));
    EXPECT_FALSE(early && program.has_signal());
    const pipe_pair pipe;
    bool ended = false;
    refuses = true;
    program.rt.block_on([&]() -> task<> {
      spawn([&] { return read_once(pipe, ended); }).detach();
      co_return;
    }());
    EXPECT_TRUE(program.rt.poll());
    EXPECT_EQ(program.rt.stats().operations, 1U);
    expect_wants_turn(program);
    refuses = false;
    program.settle();
    EXPECT_EQ(program.rt.may_wait(), nanoseconds::max());
  }
}

TEST(poll, a_stop_by_another_thread_wants_a_turn) {
  asked_early_and_late([](embedded_loop& program) {
    const pipe_pair pipe;
    std::stop_source source;
    bool ended = false;
    const auto reader = begin(program, [&]() -> task<> {
      const auto r = co_await stop_on(source.get_token(), pipe.reader().read(room()));
      ended = error_of(r.res) == errc::canceled;
    });
    std::thread([&] { source.request_stop(); }).join();
    program.let_pass(hours(1));
    expect_wants_turn(program);
    program.run_until(ended);
  });
}

TEST(poll, a_stop_that_was_taken_off_the_stack_with_that_of_a_dead_task_wants_a_turn) {
  asked_early_and_late([](embedded_loop& program) {
    std::stop_source source;
    bool ended = false;
    event never;
    const auto waits = [&]() -> task<> {
      ended = error_of(co_await stop_on(source.get_token(), never.wait())) == errc::canceled;
    };
    const auto one = begin(program, waits);
    auto other = begin(program, waits);
    source.request_stop();
    other.abort();
    EXPECT_EQ(program.rt.may_wait(), nanoseconds::zero());
    program.let_pass(
        hours(1));  // Linux does not write to one eventfd from inside of a write to another one
    expect_wants_turn(program);
    program.run_until(ended);
  });
}

/// Begins f(duration), whose duration is not over when this returns: one that is over before the
/// program has come to its wait, because the machine stood still, is followed by a longer one.
template <class F>
milliseconds begin_in_time(embedded_loop& program, const F& f, bool& ended) {
  for (milliseconds duration(20);; duration *= 2) {
    ended = false;
    begin(program, [&] { return f(duration); }).detach();
    if (!ended) return duration;
  }
}

TEST(poll, a_timer_that_is_due_takes_one_poll) {
  asked_early_and_late([](embedded_loop& program) {
    bool ended = false;
    const auto sleeps = [&](milliseconds duration) -> task<> {
      co_await sleep_for(duration);
      ended = true;
    };
    begin_in_time(program, sleeps, ended);
    program.polls = 0;
    program.run_until(ended);
    EXPECT_EQ(program.polls, 1U);
  });
}

TEST(poll, a_timeout_that_is_due_takes_one_poll) {
  asked_early_and_late([](embedded_loop& program) {
    event never;
    bool ended = false;
    const auto waits = [&](milliseconds limit) -> task<> {
      ended = error_of(co_await timeout(limit, never.wait())) == errc::timed_out;
    };
    begin_in_time(program, waits, ended);
    program.polls = 0;
    program.run_until(ended);
    EXPECT_EQ(program.polls, 1U);
  });
}

TEST(poll, data_that_came_before_a_deadline_beats_it_in_a_poll_after_both) {
  if (test::pipe_reads_always_wait()) GTEST_SKIP() << "a worker reads later";
  asked_early_and_late([](embedded_loop& program) {
    const pipe_pair pipe;
    std::string text;
    bool ended = false;
    const auto reads = [&](milliseconds limit) -> task<> {
      const auto r = co_await timeout(limit, pipe.reader().read(room()));
      text = r.res ? text_of(r.buf.bytes()) : "none";
      ended = true;
    };
    const milliseconds limit = begin_in_time(program, reads, ended);
    pipe.put("in time");
    program.be_away(2 * limit);
    program.run_until(ended);
    EXPECT_EQ(text, "in time");
  });
}

TEST(poll, a_wait_is_told_in_whole_milliseconds) {
  embedded_loop program;
  bool ended = false;
  const auto sleeper = begin(program, [&]() -> task<> {
    co_await sleep_for(microseconds(20'300));
    ended = true;
  });
  while (!ended) {
    const nanoseconds told = program.rt.may_wait();
    EXPECT_EQ(told % milliseconds(1), nanoseconds::zero());
    EXPECT_LE(told, milliseconds(21));
    program.turn();
  }
}

TEST(poll, nothing_is_told_while_nothing_is_to_be_done) {
  asked_early_and_late([](embedded_loop& program) {
    const pipe_pair pipe;
    event never;
    bool ended = false;
    const auto reader = begin(program, [&] { return read_once(pipe, ended); });
    auto waiter = begin(program, [&]() -> task<> { (void)co_await never.wait(); });
    const auto sleeper = begin(program, []() -> task<> { co_await sleep_for(hours(1)); });
    for (int i = 0; i < 3; ++i) {
      EXPECT_GT(program.rt.may_wait(), std::chrono::minutes(59));
      EXPECT_FALSE(program.has_signal());
      const auto enters = program.rt.stats().enters;
      EXPECT_TRUE(program.rt.poll());
      EXPECT_EQ(program.rt.stats().enters, enters);
    }
    waiter.abort();
  });
}

/// A kernel that never writes to the eventfd.
std::unique_ptr<sys::kernel> forgetful() {
  return std::make_unique<fake::kernel>(fake::kernel_options{.forgotten_signals = 1000});
}

TEST(poll, a_kernel_that_forgets_signals_is_looked_after_every_ten_milliseconds) {
  embedded_loop program(forgetful());
  const pipe_pair pipe;
  bool ended = false;
  const auto reader = begin(program, [&] { return read_once(pipe, ended); });
  EXPECT_EQ(program.rt.may_wait(), nanoseconds::max()) << "nobody has asked for event_fd()";
  EXPECT_FALSE(program.has_signal());
  EXPECT_EQ(program.rt.may_wait(), milliseconds(10));
  pipe.put("x");
  program.run_until(ended);
  EXPECT_EQ(program.rt.may_wait(), nanoseconds::max()) << "the kernel has nothing";
}

TEST(poll, a_kernel_that_forgets_signals_does_not_put_timers_off) {
  embedded_loop program(forgetful());
  const pipe_pair pipe;
  bool read = false;
  EXPECT_FALSE(program.has_signal());
  const auto reader = begin(program, [&] { return read_once(pipe, read); });
  const auto sleeper = begin(program, []() -> task<> { co_await sleep_for(milliseconds(3)); });
  EXPECT_EQ(program.rt.may_wait(), milliseconds(3));
}

TEST(poll, a_kernel_that_tells_everything_is_relied_upon) {
  if (!test::on_fake_kernel() && !test::linux_is_before(6, 2) && test::linux_is_before(6, 18))
    GTEST_SKIP() << "this kernel does not";
  embedded_loop program;
  const pipe_pair pipe;
  bool ended = false;
  EXPECT_FALSE(program.has_signal());
  const auto reader = begin(program, [&] { return read_once(pipe, ended); });
  EXPECT_EQ(program.rt.may_wait(), nanoseconds::max());
}

}  // namespace
}  // namespace carousel
