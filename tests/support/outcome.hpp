#pragma once

#include <carousel/carousel.hpp>

#include <system_error>
#include <utility>

#include "support/run.hpp"

namespace carousel::test {

/// Awaits what `f` makes, in a runtime of its own, and gives its error.
template <class F>
[[nodiscard]] std::error_code outcome(F f) {
  return run([&]() -> task<std::error_code> {
    auto operation = f();
    const auto done = co_await std::move(operation);
    co_return error_of(done);
  });
}

}  // namespace carousel::test
