#pragma once

#include <carousel/carousel.hpp>

#include <chrono>

namespace carousel::test {

/// Waits for the end of a task, which stays with its handle; false: it has not come in a minute.
template <class T>
task<bool> ends_soon(const join_handle<T>& one) {
  for (int i = 0; i < 60'000 && !one.done(); ++i) co_await sleep_for(std::chrono::milliseconds(1));
  co_return one.done();
}

}  // namespace carousel::test
