#include "common/interruption.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <carousel/carousel.hpp>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

namespace carousel::tool {
namespace {

volatile sig_atomic_t noted = 0;
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

task<bool> interruption() {
  const int own = ::fcntl(bell, F_DUPFD_CLOEXEC, 0);
  if (own < 0) co_return false;
  const file rung = file::from_fd(own);
  std::vector<std::byte> count(sizeof(std::uint64_t));
  while (interrupted() == 0) {
    auto [res, back] = co_await rung.read(std::move(count));
    if (!res) co_return false;
    count = std::move(back);
  }
  co_return true;
}

}  // namespace carousel::tool
