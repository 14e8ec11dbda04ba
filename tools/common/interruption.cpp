#include "common/interruption.hpp"

#include <signal.h>

namespace carousel::tool {
namespace {

volatile sig_atomic_t noted = 0;

}  // namespace

void handle_signals() {
  struct sigaction action{};
  action.sa_handler = [](int signal) { noted = signal; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  (void)signal(SIGXFSZ, SIG_IGN);
}

int interrupted() noexcept { return noted; }

}  // namespace carousel::tool
