#pragma once

#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <utility>

#include "support/small.hpp"

namespace carousel::test {

/// A read into a lease, for tests that end it while the kernel has it.
inline task<> read_fixed_once(file from, fixed_buf_pool pool) {
  auto lease = co_await pool.next(small);
  auto r = co_await from.read_fixed(std::move(*lease));
  ADD_FAILURE() << "a read that was to be aborted went on";
}

/// Two turns: the operations of the tasks that were just spawned are in the kernel.
inline task<> until_submitted() {
  co_await yield();
  co_await yield();
}

}  // namespace carousel::test
