#pragma once

#include "carousel/detail/driver/context.hpp"

namespace carousel {

/// A verb around the running coroutine (timeout, stop_on, when_any) has asked it to stop: its next
/// operation would end at once with errc::canceled. For loops that compute or sleep; those that do
/// I/O see it in their results. False outside a runtime. Deadlines pass and other threads are heard
/// between turns only: a coroutine that never waits never sees true.
[[nodiscard]] inline bool stop_requested() noexcept {
  const detail::context* here = detail::current_context;
  return here != nullptr && here->stopped();
}

}  // namespace carousel
