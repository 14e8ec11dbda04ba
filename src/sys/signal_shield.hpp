#pragma once

#include <signal.h>

namespace carousel::sys {

/// Keeps one signal from this thread while it lives, and takes away the one that a system call
/// raised meanwhile: what goes wrong is an error of the call, and no end of the process. A signal
/// that was pending before stays so.
class signal_shield {
 public:
  explicit signal_shield(int signal) noexcept;
  signal_shield(const signal_shield&) = delete;
  signal_shield& operator=(const signal_shield&) = delete;
  ~signal_shield();

 private:
  sigset_t only_{};
  bool was_blocked_ = false;
  bool was_pending_ = false;
};

}  // namespace carousel::sys
