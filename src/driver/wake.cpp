#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include "driver/signal_event.hpp"
#include "driver/turn.hpp"

// How others wake a driver, and how it wakes others.

namespace carousel::detail {
namespace {

/// Where the kernel may forget to write to the eventfd.
constexpr std::chrono::milliseconds forgetful_wait_max{10};

}  // namespace

result<int> ring_driver::event_fd() noexcept {
  if (event_fd_ < 0) {
    const int made = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (made < 0) return std::unexpected(kernel_error(-errno));
    if (const int error = ring_->kernel().register_eventfd(made); error < 0) {
      ::close(made);
      return std::unexpected(kernel_error(refused_register + error));
    }
    event_fd_ = made;
  }
  return event_fd_;
}

bool ring_driver::wants_turn() const noexcept {
  if (ring_->has_completions() || ring_->wants_enter() || ring_->unsubmitted() != 0) return true;
  if (could_submit()) return true;
  if (!ended_orphans_.empty() || buffers_.wants_settling()) return true;
  return wake_.is_missing();
}

void ring_driver::collect(ready_queue& ready) {
  if (ring_->wants_enter()) check_enter(ring_->submit_and_collect(), ready);
}

/// A program may wait for the eventfd before the loop turns again, and has not been told yet.
bool ring_driver::awaited_outside() const noexcept {
  if (event_fd_ < 0 || asked_for_turn_ || forks_ != forks) return false;
  return current_context == nullptr || current_context->io != this;
}

void ring_driver::ask_for_turn() noexcept {
  if (!awaited_outside()) return;
  asked_for_turn_ = true;
  signal_event(event_fd_);
}

void ring_driver::note_left() noexcept {
  asked_for_turn_ = false;
  if (in_kernel_ == 0 || !ring_->signals_once()) return;
  event_fd_lost_ = ring_->kernel().register_eventfd(event_fd_) < 0;
}

std::chrono::nanoseconds ring_driver::longest_wait() const noexcept {
  const bool cannot_rely =
      event_fd_ >= 0 && in_kernel_ != 0 && (ring_->forgets_signals() || event_fd_lost_);
  return cannot_rely ? forgetful_wait_max : std::chrono::nanoseconds::max();
}

}  // namespace carousel::detail
