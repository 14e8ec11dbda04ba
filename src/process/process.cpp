#include "carousel/process/process.hpp"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include "carousel/detail/io/until_readable.hpp"
#include "carousel/time/sleep.hpp"

namespace carousel {
namespace {

/// Of a child that has ended and cannot be collected yet: a debugger has it.
constexpr std::chrono::milliseconds look_again_after{10};

[[nodiscard]] process_end end_of(const siginfo_t& told) noexcept {
  if (told.si_code == CLD_EXITED) return {.code = told.si_status};
  return {.signal = told.si_status, .core = told.si_code == CLD_DUMPED};
}

}  // namespace

result<process> process::open(pid_t pid) {
  const long fd = ::syscall(SYS_pidfd_open, pid, 0U);
  if (fd < 0) return std::unexpected(detail::kernel_error(-errno));
  return from_fd(static_cast<int>(fd));
}

// Not IORING_OP_WAITID: where nobody waits for its result any more, the child would be collected
// all the same, and how it has ended would be lost.
task<result<process_end>> process::wait() const {
  for (;;) {
    const result<> over = co_await detail::until_readable(handle_.hold());
    if (!over) co_return std::unexpected(over.error());
    siginfo_t told{};
    // A child of clone(2) need not send SIGCHLD, and is a child all the same.
    const int got = ::waitid(P_PIDFD, static_cast<id_t>(fd()), &told, WEXITED | WNOHANG | __WALL);
    if (got == 0 && told.si_pid != 0) co_return end_of(told);
    if (got < 0 && errno == ECHILD) co_return std::unexpected(make_error_code(errc::no_child));
    if (got < 0 && errno != EINTR) co_return std::unexpected(detail::kernel_error(-errno));
    auto pause = sleep_for(look_again_after);
    co_await pause;
    if (pause.ended_early()) co_return std::unexpected(make_error_code(errc::canceled));
  }
}

result<> process::send_signal(int signal) const noexcept {
  if (::syscall(SYS_pidfd_send_signal, fd(), signal, nullptr, 0U) == 0) return {};
  return std::unexpected(detail::kernel_error(-errno));
}

}  // namespace carousel
