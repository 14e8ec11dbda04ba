#pragma once

#include <carousel/carousel.hpp>

#include <system_error>
#include <utility>

#include "support/run.hpp"

namespace carousel::test {

/// What close() says: for tests that close in a task of its own.
inline task<std::error_code> close_error(file f) {
  const result<> closed = co_await std::move(f).close();
  co_return error_of(closed);
}

}  // namespace carousel::test
