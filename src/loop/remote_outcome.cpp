#include "carousel/detail/loop/remote_outcome.hpp"

#include "carousel/detail/loop/remote_call.hpp"

namespace carousel::detail {

void remote_ending::end_with_exception() noexcept {
  failure_ = std::current_exception();
  finish();
}

void remote_ending::finish() noexcept {
  bool nobody_asks = false;
  {
    const std::lock_guard hold(guard_);
    ended_ = true;
    nobody_asks = abandoned_;
    at_end_.notify_all();
    if (!line_.empty()) line_.pop_front().serve();
  }
  if (nobody_asks && failure_) die();
}

bool remote_ending::ended() noexcept {
  if (inherited()) return true;
  const std::lock_guard hold(guard_);
  return ended_;
}

bool remote_ending::wait_for(std::chrono::nanoseconds duration) noexcept {
  const auto now = std::chrono::steady_clock::now();
  if (duration >= std::chrono::steady_clock::time_point::max() - now) {
    wait();
    return true;
  }
  std::unique_lock hold(guard_);
  return at_end_.wait_until(hold, now + duration, [this] { return ended_; });
}

void remote_ending::wait() noexcept {
  std::unique_lock hold(guard_);
  at_end_.wait(hold, [this] { return ended_; });
}

void remote_ending::abandon() noexcept {
  bool ended_before = false;
  {
    const std::lock_guard hold(guard_);
    abandoned_ = true;
    ended_before = ended_;
  }
  if (ended_before && failure_ && std::uncaught_exceptions() == 0) die();
}

bool remote_ending::take_failure() {
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  return has_value_;
}

void remote_ending::die() noexcept {
  try {
    std::rethrow_exception(failure_);
  } catch (...) {
    exception_escaped("a task whose remote_result was destroyed");
  }
}

}  // namespace carousel::detail
