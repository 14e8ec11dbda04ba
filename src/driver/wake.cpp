#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include "carousel/detail/driver/driver.hpp"
#include "driver/turn.hpp"
#include "ring/ring.hpp"

// How others wake a driver, and how it wakes others.

namespace carousel::detail {
namespace {

/// Where the kernel may forget to write to the eventfd.
constexpr std::chrono::milliseconds forgetful_wait_max{10};

}  // namespace

/// False: there was no room for the read, so nobody outside could end a wait.
bool driver::encode_wake() noexcept {
  if (wake_.ending) {
    if (!wake_.reading || wake_.canceled) return true;
    const request cancel{.code = opcode::async_cancel, .address = wake_user_data};
    wake_.canceled = ring_->push(cancel, wake_cancel_user_data);
    if (wake_.canceled) ++in_kernel_;
    return wake_.canceled;
  }
  if (wake_.reading) return true;
  const request read{.code = opcode::read,
                     .fd = wake_.fd,
                     .offset = current_position,
                     .address = reinterpret_cast<std::uintptr_t>(&wake_.bytes),
                     .length = sizeof wake_.bytes};
  wake_.reading = ring_->push(read, wake_user_data);
  if (wake_.reading) ++in_kernel_;
  return wake_.reading;
}

result<int> driver::event_fd() noexcept {
  if (event_fd_ < 0) {
    const int made = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (made < 0) return std::unexpected(kernel_error(-errno));
    if (const int error = ring_->kernel().register_eventfd(made); error < 0) {
      ::close(made);
      return std::unexpected(kernel_error(error));
    }
    event_fd_ = made;
  }
  return event_fd_;
}

bool driver::wants_turn() const noexcept {
  if (ring_->has_completions() || ring_->wants_enter() || ring_->unsubmitted() != 0) return true;
  if (cancels_can_start() || others_can_start()) return true;
  if (!to_drop_.empty() || buffers_.wants_settling()) return true;
  return wake_.fd >= 0 && !wake_.reading;
}

void driver::collect(ready_queue& ready) {
  if (ring_->wants_enter()) check_enter(ring_->enter(0, true), ready);
}

/// A program may wait for the eventfd before the loop turns again, and has not been told yet.
bool driver::awaited_outside() const noexcept {
  if (event_fd_ < 0 || asked_for_turn_ || forks_ != forks) return false;
  return current_context == nullptr || current_context->io != this;
}

void driver::ask_for_turn() noexcept {
  if (!awaited_outside()) return;
  asked_for_turn_ = true;
  const std::uint64_t one = 1;
  while (::write(event_fd_, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

void context::ask_for_turn() noexcept { io->ask_for_turn(); }

std::chrono::nanoseconds driver::longest_wait() const noexcept {
  const bool cannot_rely = event_fd_ >= 0 && in_kernel_ != 0 && ring_->forgets_signals();
  return cannot_rely ? forgetful_wait_max : std::chrono::nanoseconds::max();
}

}  // namespace carousel::detail
