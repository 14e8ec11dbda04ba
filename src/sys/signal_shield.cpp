#include "sys/signal_shield.hpp"

#include <pthread.h>

#include <ctime>

namespace carousel::sys {

signal_shield::signal_shield(int signal) noexcept {
  sigemptyset(&only_);
  sigaddset(&only_, signal);
  sigset_t before{};
  pthread_sigmask(SIG_BLOCK, &only_, &before);
  was_blocked_ = sigismember(&before, signal) == 1;
  if (!was_blocked_) return;  // then none can be pending
  sigset_t pending{};
  sigpending(&pending);
  was_pending_ = sigismember(&pending, signal) == 1;
}

signal_shield::~signal_shield() {
  const timespec at_once{};
  if (!was_pending_) sigtimedwait(&only_, nullptr, &at_once);
  if (!was_blocked_) pthread_sigmask(SIG_UNBLOCK, &only_, nullptr);
}

}  // namespace carousel::sys
