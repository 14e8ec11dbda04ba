#include "common/interruption.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <carousel/carousel.hpp>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

// Not a signal_set, which gives a signal to one task, once a loop turns: here it is for each thread
// of the program, also for those that compute or are inside of a long system call, and a second
// one ends the process whatever they do. Only a handler can do that.

namespace carousel::tool {
namespace {

std::atomic<int> noted = 0;
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler stores it");
int bell = -1;  ///< an eventfd, from handle_signals() on

void note(int signal) {
  noted = signal;
  const int error = errno;
  const std::uint64_t one = 1;
  (void)!::write(bell, &one, sizeof one);  // a full counter has rung already
  errno = error;
}

bool is_ignored(int signal) noexcept {
  struct sigaction now{};
  return sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

}  // namespace

void handle_signals() {
  bell = ::eventfd(0, EFD_CLOEXEC);
  struct sigaction action{};
  action.sa_handler = note;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (const int signal : {SIGHUP, SIGINT, SIGTERM}) {
    if (!is_ignored(signal)) sigaction(signal, &action, nullptr);
  }
  (void)signal(SIGXFSZ, SIG_IGN);
}

int interrupted() noexcept { return noted; }

task<result<>> interruption() {
  // Nobody reads it, so it goes on ringing for whoever comes.
  auto ringing = poll_stream::on_foreign(bell, poll_events::readable);
  if (!ringing) co_return std::unexpected(ringing.error());
  while (interrupted() == 0) {
    const auto rung = co_await ringing->next();
    if (!rung) co_return std::unexpected(rung.error());
  }
  co_return result<>{};
}

}  // namespace carousel::tool
