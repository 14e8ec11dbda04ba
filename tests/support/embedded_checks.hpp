#pragma once

#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>

#include "support/embedded_loop.hpp"
#include "support/pipe_pair.hpp"

// What tests of programs with a loop of their own share.

namespace carousel::test {

/// Both ways to ask say that there is something to do.
inline void expect_wants_turn(embedded_loop& program) {
  EXPECT_EQ(program.rt.may_wait(), std::chrono::nanoseconds::zero());
  EXPECT_TRUE(program.has_signal());
}

inline void expect_nothing_to_do(embedded_loop& program) {
  EXPECT_GT(program.rt.may_wait(), std::chrono::nanoseconds::zero());
  EXPECT_FALSE(program.has_signal());
}

/// Runs `f(program)` twice: in a program that has asked for event_fd() before, and in one that has
/// not.
template <class F>
void asked_early_and_late(F f) {
  {
    SCOPED_TRACE("event_fd() was asked for early");
    embedded_loop program;
    EXPECT_FALSE(program.has_signal());
    f(program);
  }
  {
    SCOPED_TRACE("event_fd() was asked for late");
    embedded_loop program;
    f(program);
  }
}

/// Spawns f(), and turns until nothing is to be done at once.
template <class F>
auto begin(embedded_loop& program, F f) {
  auto handle = program.rt.block_on([](F g) -> task<decltype(spawn(g))> { co_return spawn(g); }(f));
  program.settle();
  return handle;
}

inline task<> read_once(const pipe_pair& pipe, bool& ended) {
  (void)co_await pipe.reader().read(owned_bytes::with_capacity(64));
  ended = true;
}

}  // namespace carousel::test
