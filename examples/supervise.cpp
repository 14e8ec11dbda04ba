// Runs a program, says every second that it is still there, hands SIGINT and SIGTERM on to it, and
// exits as it does: supervise PROGRAM [ARGUMENT...]

#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <system_error>

#include "carousel/carousel.hpp"

using namespace carousel;

namespace {

task<> hand_on(const signal_set& signals, const process& to) {
  for (;;) {
    const auto one = co_await signals.next();
    if (!one) co_return;
    std::printf("signal %d\n", one->signal);
    (void)to.send_signal(one->signal);
  }
}

task<> count_seconds() {
  auto seconds = every(std::chrono::seconds(1));
  for (unsigned n = 1;; ++n) {
    const auto tick = co_await seconds.next();
    if (!tick) co_return;
    std::printf("%u s\n", n += static_cast<unsigned>(tick->missed));
  }
}

/// The exit status, as a shell gives it.
task<int> supervise(const signal_set& signals, pid_t pid) {
  const process child = or_throw(process::open(pid));
  auto signals_to_it = spawn(hand_on, std::cref(signals), std::cref(child));
  auto ticks = spawn(count_seconds);
  const process_end end = or_throw(co_await child.wait());
  signals_to_it.abort();
  ticks.abort();
  co_return end.signal != 0 ? 128 + end.signal : end.code;
}

/// 0, or an errno. The program starts with no signal blocked.
int start_program(char** argv, pid_t& pid) {
  sigset_t none{};
  sigemptyset(&none);
  posix_spawnattr_t how{};
  posix_spawnattr_init(&how);
  posix_spawnattr_setsigmask(&how, &none);
  posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK);
  const int error = posix_spawnp(&pid, argv[0], nullptr, &how, argv, environ);
  posix_spawnattr_destroy(&how);
  return error;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: supervise PROGRAM [ARGUMENT...]\n");
    return 2;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const signal_set signals{SIGINT, SIGTERM};  // before the program runs, so that none is missed
  pid_t pid = 0;
  if (const int error = start_program(argv + 1, pid); error != 0) {
    std::fprintf(stderr, "%s: %s\n", argv[1], std::generic_category().message(error).c_str());
    return 127;
  }
  return start([&] { return supervise(signals, pid); });
}
