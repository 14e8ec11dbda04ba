#include "carousel/detail/driver/driver.hpp"

#include "driver/ring_driver.hpp"

// What awaiters ask for seldom, and the driver of the ring answers.

namespace carousel::detail {
namespace {

[[nodiscard]] ring_driver& whole(driver& io) noexcept { return static_cast<ring_driver&>(io); }
[[nodiscard]] const ring_driver& whole(const driver& io) noexcept {
  return static_cast<const ring_driver&>(io);
}

}  // namespace

void driver::wait_to_start(operation_base& op) noexcept { whole(*this).wait_to_start(op); }

void driver::abandon(slot& s) noexcept { whole(*this).abandon(s); }

void driver::request_stop(operation_base& op, ready_queue& ready) noexcept {
  whole(*this).request_stop(op, ready);
}

void driver::request_stop_of_users(const descriptor& file, ready_queue& ready) noexcept {
  whole(*this).request_stop_of_users(file, ready);
}

void driver::remove_buffers(buffer_registration& old) noexcept { whole(*this).remove_buffers(old); }

void driver::watch(int wake_fd) noexcept { whole(*this).watch(wake_fd); }

void driver::ask_for_turn() noexcept { whole(*this).ask_for_turn(); }

bool driver::supports(opcode code) const noexcept {
  return whole(*this).ring_->kernel().supports(static_cast<std::uint8_t>(code));
}

bool driver::memlock_binds() const noexcept { return whole(*this).ring_->kernel().memlock_binds(); }

steady_time driver::now() const noexcept { return whole(*this).ring_->kernel().now(); }

std::chrono::nanoseconds driver::time_since_boot() const noexcept {
  return whole(*this).ring_->kernel().time_since_boot();
}

steady_time now() noexcept {
  return current_context != nullptr ? current_context->io->now() : std::chrono::steady_clock::now();
}

void context::ask_for_turn() noexcept { io->ask_for_turn(); }

}  // namespace carousel::detail
