#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/small.hpp"
#include "support/throws_out.hpp"

// How a runtime turns: whom it lets run, when it returns, and what it says when nothing can go on.

namespace carousel {
namespace {

using test::pipe_pair;
using test::run;
using test::small;
using test::throws_out;

task<int> number(int n) { co_return n; }

task<> count_to(int end, int& count) {
  while (count < end) {
    ++count;
    co_await yield();
  }
}

task<> write_name(char name, int times, std::string& order) {
  for (int i = 0; i < times; ++i) {
    order += name;
    co_await yield();
  }
}

task<> read_for_ever(file from) {
  std::vector<char> into(small);
  auto r = co_await from.read(std::move(into));
  ADD_FAILURE() << "nobody writes";
}

/// Reads from a file whose reads never wait.
task<> read_times(file from, int times, int& count) {
  std::vector<char> into(small);
  for (int i = 0; i < times; ++i) {
    auto r = co_await from.read(std::move(into));
    into = std::move(r.buf);
    ++count;
  }
}

TEST(runtime, block_on_returns_when_its_task_ends_however_busy_the_others_are) {
  constexpr int mine = 40;
  constexpr int endless = 1 << 30;
  int others = 0;
  int reads = 0;
  runtime rt = test::make_runtime().value();
  rt.block_on([&]() -> task<> {
    const file zeros = (co_await file::open("/dev/zero")).value();
    (void)spawn(read_times, zeros, endless, std::ref(others));
    co_await read_times(zeros, mine, reads);
  }());
  EXPECT_EQ(reads, mine);
  EXPECT_NEAR(others, mine, 2);
}

TEST(runtime, a_task_that_only_yields_has_its_turn_beside_reads_that_never_wait) {
  constexpr int enough = 100;
  int reads = 0;
  int yields = 0;
  run([&]() -> task<> {
    const file zeros = (co_await file::open("/dev/zero")).value();
    auto reading = spawn(read_times, zeros, enough, std::ref(reads));
    auto yielding = spawn(count_to, enough, std::ref(yields));
    co_await std::move(reading);
    EXPECT_NEAR(yields, enough, 2);
    co_await std::move(yielding);
  });
}

TEST(runtime, yield_lets_the_others_run) {
  std::string order;
  run([&]() -> task<> {
    auto a = spawn(write_name, 'a', 3, std::ref(order));
    auto b = spawn(write_name, 'b', 3, std::ref(order));
    co_await std::move(a);
    co_await std::move(b);
  });
  EXPECT_EQ(order, "ababab");
}

TEST(runtime, a_task_that_yields_for_ever_does_not_stop_the_others_io) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    auto busy = spawn([]() -> task<> {
      for (;;) co_await yield();
    });
    auto writer = spawn([&pipe]() -> task<> {
      for (int i = 0; i < 10; ++i) co_await yield();
      pipe.put("x");
    });
    std::vector<char> into(small);
    auto r = co_await pipe.reader().read(std::move(into));
    EXPECT_EQ(r.res.value_or(0), 1U);
    busy.abort();
    co_await std::move(writer);
  });
}

TEST(runtime, a_task_whose_awaits_never_wait_does_not_stop_the_others_io) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    auto busy = spawn([]() -> task<> {
      const auto pool = fixed_buf_pool::make({{small, 1}}).value();
      for (;;) {
        const auto lease = co_await pool.next(small);
        if (!lease) co_return;
      }
    });
    pipe.put("x");
    std::vector<char> into(small);
    auto r = co_await pipe.reader().read(std::move(into));
    EXPECT_EQ(r.res.value_or(0), 1U);
    busy.abort();
  });
}

TEST(runtime, block_on_returns_while_others_wait) {
  const pipe_pair pipe;
  runtime rt = runtime::make().value();
  const auto pool = fixed_buf_pool::make({{small, 1}}).value();
  auto held = pool.try_next(small);
  auto in_the_kernel = [&]() -> task<> {
    (void)spawn(read_for_ever, pipe.reader());
    co_await yield();
    co_await yield();
  };
  rt.block_on(in_the_kernel());
  auto for_a_timer = []() -> task<> {
    (void)spawn([]() -> task<> { co_await sleep_for(std::chrono::hours(1)); });
    co_await yield();
  };
  rt.block_on(for_a_timer());
}

TEST(runtime, block_on_returns_while_another_task_waits_for_a_buffer) {
  const auto pool = fixed_buf_pool::make({{small, 1}}).value();
  auto held = pool.try_next(small);
  run([&]() -> task<> {
    (void)spawn([&pool]() -> task<> { (void)co_await pool.next(small); });
    co_await yield();
  });
}

TEST(runtime, other_tasks_go_on_in_the_next_block_on) {
  runtime rt = runtime::make().value();
  int count = 0;
  auto first = [&]() -> task<> {
    (void)spawn(count_to, 1'000, std::ref(count));
    co_return;
  };
  rt.block_on(first());
  EXPECT_LT(count, 1'000);
  auto second = [&]() -> task<> {
    while (count < 1'000) co_await yield();
  };
  rt.block_on(second());
  EXPECT_EQ(count, 1'000);
}

TEST(runtime, poll_turns_it_from_a_loop_of_the_programs_own) {
  const pipe_pair pipe;
  runtime rt = runtime::make().value();
  std::string got;
  auto begin = [&]() -> task<> {
    (void)spawn([&]() -> task<> {
      std::vector<char> into(small);
      auto r = co_await pipe.reader().read(std::move(into));
      got.assign(r.buf.data(), r.res.value_or(0));
    });
    co_return;
  };
  rt.block_on(begin());
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(rt.poll());
  EXPECT_EQ(got, "");
  pipe.put("polled");
  while (got.empty()) EXPECT_TRUE(rt.poll());
  EXPECT_EQ(got, "polled");
}

/// Runs `begin` and a few turns more; returns what the exceptions said that came out.
template <class Begin>
std::string what_escapes(runtime& rt, Begin& begin) {
  std::string said;
  for (int i = 0; i < 5; ++i) {
    try {
      if (i == 0) rt.block_on(begin());
      EXPECT_TRUE(rt.poll());
    } catch (const std::runtime_error& e) {
      said += e.what();
    }
  }
  return said;
}

TEST(runtime, an_exception_that_escapes_from_a_foreign_coroutine_loses_nobody_elses_turn) {
  runtime rt = runtime::make().value();
  throws_out thrower;
  const auto throws = []() -> throws_out {
    co_await yield();
    throw std::runtime_error("out of the loop");
  };
  std::string order;
  auto begin = [&]() -> task<> {
    (void)spawn(write_name, 'a', 2, std::ref(order));
    thrower = throws();  // stands between the two
    (void)spawn(write_name, 'b', 2, std::ref(order));
    co_return;
  };
  EXPECT_EQ(what_escapes(rt, begin), "out of the loop");
  EXPECT_EQ(order, "abab");
}

TEST(runtime,
     an_exception_that_escapes_after_a_completion_leaves_those_behind_it_to_the_next_turn) {
  runtime rt = runtime::make().value();
  throws_out thrower;
  std::optional<file> zeroes;
  const auto throws = [&]() -> throws_out {
    (void)co_await zeroes->read(std::vector<char>(1));
    throw std::runtime_error("out of the loop");
  };
  std::string order;
  const auto read_one = [&](char name) -> task<> {
    (void)co_await zeroes->read(std::vector<char>(1));
    order += name;
  };
  auto begin = [&]() -> task<> {
    zeroes = (co_await file::open("/dev/zero")).value();
    (void)spawn(read_one, 'a');
    co_await yield();
    thrower = throws();
    (void)spawn(read_one, 'b');
  };
  EXPECT_EQ(what_escapes(rt, begin), "out of the loop");
  EXPECT_EQ(order, "ab");
}

TEST(runtime, is_movable_with_its_tasks) {
  runtime first = runtime::make().value();
  int count = 0;
  auto begin = [&]() -> task<> {
    (void)spawn(count_to, 100, std::ref(count));
    co_return;
  };
  first.block_on(begin());
  runtime second = std::move(first);
  auto finish = [&]() -> task<> {
    while (count < 100) co_await yield();
  };
  second.block_on(finish());
  EXPECT_EQ(count, 100);
  second = runtime::make().value();
  EXPECT_EQ(second.block_on(number(2)), 2);
}

TEST(runtime, a_detached_task_goes_on) {
  int count = 0;
  run([&]() -> task<> {
    spawn(count_to, 10, std::ref(count)).detach();
    while (count < 10) co_await yield();
  });
  EXPECT_EQ(count, 10);
}

TEST(runtime_death, a_moved_from_runtime_says_so) {
  runtime first = runtime::make().value();
  const runtime second = std::move(first);
  // NOLINTNEXTLINE(bugprone-use-after-move): the fact under test
  EXPECT_DEATH(first.block_on(number(1)), "this runtime was moved from or shut down");
}

TEST(runtime_death, a_nested_block_on_says_what_to_do) {
  const auto nested = [] {  // the child of a death test makes its own runtime
    runtime rt = runtime::make().value();
    auto body = [&]() -> task<> {
      rt.block_on(number(1));
      co_return;
    };
    rt.block_on(body());
  };
  EXPECT_DEATH(nested(), "a runtime cannot be driven from inside a task: co_await");
}

task<> fails() {
  throw std::runtime_error("lost words");
  co_return;
}

TEST(runtime_death, an_exception_from_a_detached_task_ends_the_process_with_its_words) {
  const auto detached = []() -> task<> {
    spawn(fails).detach();
    co_await yield();
  };
  EXPECT_DEATH(run(detached), "an exception escaped from detached task 2: lost words");
  const auto destroyed_later = []() -> task<> {
    {
      const auto h = spawn(fails);
      co_await yield();
    }
    co_await yield();
  };
  EXPECT_DEATH(run(destroyed_later), "an exception escaped from detached task 2: lost words");
}

TEST(runtime_death, a_stall_names_who_waits_for_what) {
  const auto for_a_buffer = []() -> task<> {
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    const auto held = pool.try_next(small);
    (void)co_await pool.next(small);
  };
  EXPECT_DEATH(run(for_a_buffer),
               "every task waits and nothing can wake one(.|\n)*"
               "task 1 waits for a buffer of 64 bytes; all 1 of them are leased(.|\n)*"
               "buffer 0 was checked out by task 1");
  const auto for_a_task = [for_a_buffer]() -> task<> {
    auto other = spawn(for_a_buffer);
    co_await std::move(other);
  };
  EXPECT_DEATH(run(for_a_task), "task 1 waits for task 2 to end(.|\n)*2 tasks in all");
}

}  // namespace
}  // namespace carousel
