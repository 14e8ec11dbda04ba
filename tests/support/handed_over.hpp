#pragma once

#include <carousel/carousel.hpp>

#include <cstddef>
#include <string>
#include <system_error>

#include "support/half_outside.hpp"
#include "support/run.hpp"
#include "support/small.hpp"
#include "support/some_turns.hpp"

// Small pools, leases of them that others have, and tasks that wait for what comes back.

namespace carousel::test {

[[nodiscard]] inline fixed_buf_pool small_pool_of(std::size_t count) {
  return fixed_buf_pool::make({{small, count}}).value();
}

[[nodiscard]] inline handed_buf handed_from(const fixed_buf_pool& pool) {
  return pool.try_next(small).value().hand_over();
}

/// Waits for a buffer and says what came.
[[nodiscard]] inline task<std::error_code> wait_in(fixed_buf_pool pool) {
  co_return error_of(co_await pool.next(small));
}

/// The next bytes of the stream, or why there are none.
[[nodiscard]] inline task<std::string> next_text(const receive_stream& from) {
  const auto lease = co_await from.next();
  co_return lease ? text_of(*lease) : lease.error().message();
}

}  // namespace carousel::test
