#include "common/interruption.hpp"

#include <signal.h>

#include <initializer_list>

namespace carousel::tool {
namespace {

volatile sig_atomic_t noted = 0;

bool is_ignored(int signal) noexcept {
  struct sigaction now{};
  return sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

}  // namespace

void handle_signals() {
  struct sigaction action{};
  action.sa_handler = [](int signal) { noted = signal; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (const int signal : {SIGHUP, SIGINT, SIGTERM}) {
    if (!is_ignored(signal)) sigaction(signal, &action, nullptr);
  }
  (void)signal(SIGXFSZ, SIG_IGN);
}

int interrupted() noexcept { return noted; }

}  // namespace carousel::tool
