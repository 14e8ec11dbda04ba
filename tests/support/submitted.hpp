#pragma once

#include <cstdint>

#include "carousel/detail/driver/context.hpp"
#include "driver/ring_driver.hpp"

namespace carousel::test {

/// Operations that the runtime of this task has handed to its ring so far.
[[nodiscard]] inline std::uint64_t submitted() {
  return detail::ring_driver::of(*detail::this_context().io).counters().submitted;
}

}  // namespace carousel::test
