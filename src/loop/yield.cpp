#include "carousel/yield.hpp"

#include "driver/ring_driver.hpp"

namespace carousel::detail {

bool is_turn_due(context& here, std::chrono::nanoseconds longest) noexcept {
  const ring_driver& io = ring_driver::of(*here.io);
  return here.computing.passed(longest, io.now(), io.counters().enters);
}

}  // namespace carousel::detail
