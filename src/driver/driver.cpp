#include "carousel/detail/driver/driver.hpp"

#include "carousel/detail/driver/context.hpp"
#include "carousel/detail/driver/operation.hpp"
#include "driver/ring_driver.hpp"

// What operations and awaiters ask for seldom, and the driver of the ring answers.

namespace carousel::detail {

bool driver::supports(opcode code) const noexcept {
  return ring_driver::of(*this).kernel().supports(static_cast<std::uint8_t>(code));
}

/// That opcode came with the same version.
file_entry driver::reserve_entry() noexcept {
  return supports(opcode::linkat) ? files_.reserve() : file_entry();
}

bool driver::keeps_every_completion() const noexcept {
  return !ring_driver::of(*this).may_lose_completions();
}

void operation_base::wait_to_start() noexcept { ring_driver::of(*io_).wait_to_start(*this); }

void operation_base::wait_elsewhere() noexcept { ring_driver::of(*io_).wait_elsewhere(*this); }

void operation_base::abandon() noexcept {
  if (has_slot()) ring_driver::of(*io_).abandon(*at);
  leave_all();
}

void operation_base::request_stop() noexcept {
  ring_driver::of(*io_).request_stop(*this, this_context().ready);
}

steady_time now() noexcept {
  return current_context != nullptr ? ring_driver::of(*current_context->io).now()
                                    : std::chrono::steady_clock::now();
}

void context::ask_for_turn() noexcept { ring_driver::of(*io).ask_for_turn(); }

}  // namespace carousel::detail
