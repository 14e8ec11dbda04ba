#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "support/embedded_checks.hpp"
#include "support/embedded_loop.hpp"
#include "support/foreign.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/small.hpp"
#include "support/throws_out.hpp"

// What a program with a loop of its own makes ready or ends between two polls, also inside of
// another runtime, shows in may_wait() and in event_fd(), whenever it asks for that one.

namespace carousel {
namespace {

using std::chrono::nanoseconds;
using test::asked_early_and_late;
using test::begin;
using test::embedded_loop;
using test::error_of;
using test::expect_wants_turn;
using test::foreign;
using test::pipe_pair;
using test::read_once;
using test::room;
using test::small;
using test::throws_out;

TEST(embedded, a_task_that_is_aborted_between_two_polls_has_its_cancel_sent) {
  asked_early_and_late([](embedded_loop& program) {
    const pipe_pair pipe;
    bool ended = false;
    auto reader = begin(program, [&] { return read_once(pipe, ended); });
    EXPECT_EQ(program.rt.may_wait(), nanoseconds::max());
    reader.abort();
    expect_wants_turn(program);
    program.settle();
    EXPECT_EQ(program.rt.stats().cancels, 1U);
    EXPECT_FALSE(ended);
  });
}

foreign read_alone(const pipe_pair& pipe, fixed_buf lease) {
  (void)co_await pipe.reader().read(std::move(lease));
}

TEST(embedded, a_coroutine_that_is_destroyed_between_two_polls_has_its_cancel_sent) {
  asked_early_and_late([](embedded_loop& program) {
    const pipe_pair pipe;
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    foreign reader;
    program.rt.block_on([&]() -> task<> {
      reader = read_alone(pipe, std::move(*pool.try_next(small)));
      co_return;
    }());
    program.settle();
    reader.destroy();
    expect_wants_turn(program);
    while (!pool.try_next(small)) program.turn();
  });
}

TEST(embedded, cancels_that_one_enter_does_not_take_want_another_turn) {
  asked_early_and_late([](embedded_loop& program) {
    constexpr std::size_t many = 200;
    const pipe_pair pipe;
    bool ended = false;
    std::vector<join_handle<void>> readers;
    for (std::size_t i = 0; i < many; ++i)
      readers.push_back(begin(program, [&] { return read_once(pipe, ended); }));
    for (auto& one : readers) one.abort();
    EXPECT_TRUE(program.rt.poll());
    EXPECT_LT(program.rt.stats().cancels, many);
    expect_wants_turn(program);
    while (program.rt.stats().cancels < many) program.turn();
  });
}

/// A task that waits in `waits(ended)` until the program calls `wake()` between two polls.
template <class Waits, class Wake>
void expect_to_wake(embedded_loop& program, Waits waits, Wake wake) {
  bool ended = false;
  const auto waiter = begin(program, [&] { return waits(ended); });
  EXPECT_EQ(program.rt.may_wait(), nanoseconds::max());
  wake();
  expect_wants_turn(program);
  program.settle();
  EXPECT_TRUE(ended);
}

TEST(embedded, an_event_that_is_set_between_two_polls_wants_a_turn) {
  asked_early_and_late([](embedded_loop& program) {
    event set;
    const auto waits = [&](bool& ended) -> task<> { ended = (co_await set.wait()).has_value(); };
    expect_to_wake(program, waits, [&] { set.set(); });
  });
}

TEST(embedded, a_permit_that_is_released_between_two_polls_wants_a_turn) {
  asked_early_and_late([](embedded_loop& program) {
    semaphore permits(1);
    auto held = permits.try_acquire();
    const auto waits = [&](bool& ended) -> task<> {
      ended = (co_await permits.acquire()).has_value();
    };
    expect_to_wake(program, waits, [&] { held->release(); });
  });
}

TEST(embedded, a_value_that_is_sent_between_two_polls_wants_a_turn) {
  asked_early_and_late([](embedded_loop& program) {
    channel<int> values(1);
    const auto waits = [&](bool& ended) -> task<> { ended = co_await values.receive() == 7; };
    expect_to_wake(program, waits, [&] {
      int seven = 7;
      EXPECT_TRUE(values.try_send(seven));
    });
  });
}

TEST(embedded, a_lease_that_comes_back_between_two_polls_wants_a_turn) {
  asked_early_and_late([](embedded_loop& program) {
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    auto held = pool.try_next(small);
    const auto waits = [&](bool& ended) -> task<> {
      ended = (co_await pool.next(small)).has_value();
    };
    expect_to_wake(program, waits, [&] { held.reset(); });
  });
}

TEST(embedded, a_task_of_another_runtime_that_ends_wakes_who_joins_it) {
  asked_early_and_late([](embedded_loop& program) {
    embedded_loop others;
    event end;
    std::optional<join_handle<void>> other(
        begin(others, [&]() -> task<> { (void)co_await end.wait(); }));
    const auto waits = [&](bool& ended) -> task<> {
      co_await std::move(*other);
      ended = true;
    };
    expect_to_wake(program, waits, [&] {
      end.set();
      others.settle();
    });
  });
}

TEST(embedded, a_pool_whose_last_lease_comes_back_between_two_polls_ends_its_close) {
  asked_early_and_late([](embedded_loop& program) {
    auto pool = fixed_buf_pool::make({{small, 1}}).value();
    auto held = pool.try_next(small);
    const auto waits = [&](bool& ended) -> task<> {
      ended = (co_await std::move(pool).close()).has_value();
    };
    expect_to_wake(program, waits, [&] { held.reset(); });
  });
}

TEST(embedded, a_close_that_waits_for_another_runtimes_read_wants_a_turn_when_that_ends) {
  asked_early_and_late([](embedded_loop& program) {
    embedded_loop readers;
    const pipe_pair pipe;
    const file shared = pipe.reader();
    bool read = false;
    const auto reader = begin(readers, [&]() -> task<> {
      (void)co_await shared.read(room());
      read = true;
    });
    const auto waits = [&](bool& ended) -> task<> {
      ended = (co_await file(shared).close()).has_value();
    };
    expect_to_wake(program, waits, [&] {
      pipe.put("x");
      readers.run_until(read);
    });
  });
}

TEST(embedded, a_close_that_waits_for_a_read_that_is_aborted_wants_a_turn) {
  asked_early_and_late([](embedded_loop& program) {
    embedded_loop readers;
    const pipe_pair pipe;
    const file shared = pipe.reader();
    auto reader = begin(readers, [&]() -> task<> { (void)co_await shared.read(room()); });
    const auto waits = [&](bool& ended) -> task<> {
      ended = (co_await file(shared).close()).has_value();
    };
    expect_to_wake(program, waits, [&] {
      reader.abort();
      readers.settle();
      while (program.rt.may_wait() != nanoseconds::zero()) readers.turn();
    });
  });
}

/// Lets the waiter for `go` run in a poll that an exception ends right after it, and after f():
/// what it began did not go out.
template <class F>
void poll_in_vain(embedded_loop& program, event& go, F f) {
  const auto throws = [&]() -> throws_out {
    go.set();
    co_await yield();
    f();
    throw std::runtime_error("out of the loop");
  };
  throws_out thrower;
  const auto start = [&]() -> task<> {
    thrower = throws();
    co_return;
  };
  EXPECT_THROW(
      {
        program.rt.block_on(start());
        program.settle();
      },
      std::runtime_error);
}

TEST(embedded, a_registration_whose_last_user_is_aborted_between_two_polls_ends) {
  asked_early_and_late([](embedded_loop& program) {
    const pipe_pair pipe;
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    event go;
    auto reader = begin(program, [&]() -> task<> {
      EXPECT_TRUE(pool.register_buffers());
      (void)co_await go.wait();
      (void)co_await pipe.reader().read_fixed(std::move(*pool.try_next(small)));
    });
    if (pool.registered() != registration::fixed) return reader.abort();
    poll_in_vain(program, go, [&] { EXPECT_TRUE(pool.unregister_buffers()); });
    reader.abort();
    expect_wants_turn(program);
    program.settle();
    EXPECT_EQ(program.rt.may_wait(), nanoseconds::max());
  });
}

TEST(embedded, a_stop_on_that_began_in_a_poll_that_an_exception_ended_can_be_stopped) {
  asked_early_and_late([](embedded_loop& program) {
    std::stop_source source;
    event go;
    event never;
    bool ended = false;
    const auto waiter = begin(program, [&]() -> task<> {
      (void)co_await go.wait();
      ended = error_of(co_await stop_on(source.get_token(), never.wait())) == errc::canceled;
    });
    poll_in_vain(program, go, [] {});
    expect_wants_turn(program);
    program.settle();
    std::thread([&] { source.request_stop(); }).join();
    program.run_until(ended);
  });
}

}  // namespace
}  // namespace carousel
