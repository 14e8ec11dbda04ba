#include "carousel/process/signal_set.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <system_error>
#include <utility>

#include "base/state_assert.hpp"
#include "carousel/detail/base/thread_mark.hpp"
#include "carousel/detail/io/until_readable.hpp"

namespace carousel {
namespace {

constexpr int signals_max = 64;

[[nodiscard]] constexpr std::uint64_t bit_of(int signal) noexcept {
  return std::uint64_t{1} << static_cast<unsigned>(signal - 1);
}

/// Not for the two real-time signals that the C library has for itself.
[[nodiscard]] bool can_be_waited_for(int signal) noexcept {
  sigset_t any{};
  sigemptyset(&any);
  return signal >= 1 && signal <= signals_max && signal != SIGKILL && signal != SIGSTOP &&
         sigaddset(&any, signal) == 0;
}

[[nodiscard]] sigset_t set_of(std::uint64_t signals) noexcept {
  sigset_t all{};
  sigemptyset(&all);
  for (int signal = 1; signal <= signals_max; ++signal) {
    if ((signals & bit_of(signal)) != 0) sigaddset(&all, signal);
  }
  return all;
}

/// What the sets of this thread have blocked.
struct blocked_signals {
  std::array<unsigned, signals_max + 1> sets{};  ///< that have the signal
  std::uint64_t by_us = 0;                       ///< it was not blocked before the first of them

  void add(std::uint64_t signals) noexcept {
    sigset_t before{};
    const sigset_t all = set_of(signals);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    for (int signal = 1; signal <= signals_max; ++signal) {
      if ((signals & bit_of(signal)) == 0) continue;
      if (sets[static_cast<std::size_t>(signal)]++ == 0 && sigismember(&before, signal) == 0)
        by_us |= bit_of(signal);
    }
  }
  void remove(std::uint64_t signals) noexcept {
    std::uint64_t over = 0;
    for (int signal = 1; signal <= signals_max; ++signal) {
      if ((signals & bit_of(signal)) == 0) continue;
      auto& its = sets[static_cast<std::size_t>(signal)];
      CAROUSEL_ASSERT_STATE(its != 0, "more signal_sets have ended than were made for signal %d",
                            signal);
      if (--its == 0) over |= bit_of(signal) & by_us;
    }
    by_us &= ~over;
    const sigset_t all = set_of(over);
    pthread_sigmask(SIG_UNBLOCK, &all, nullptr);
  }
};
constinit thread_local blocked_signals blocked;

[[nodiscard]] signal_info info_of(const signalfd_siginfo& told) noexcept {
  return {.signal = static_cast<int>(told.ssi_signo),
          .code = told.ssi_code,
          .pid = static_cast<pid_t>(told.ssi_pid),
          .uid = told.ssi_uid,
          .status = told.ssi_status,
          .value = told.ssi_ptr};
}

}  // namespace

result<signal_set> signal_set::make(std::span<const int> signals) {
  std::uint64_t all = 0;
  for (const int signal : signals) {
    if (!can_be_waited_for(signal))
      return std::unexpected(std::make_error_code(std::errc::invalid_argument));
    all |= bit_of(signal);
  }
  if (all == 0) return std::unexpected(std::make_error_code(std::errc::invalid_argument));
  const sigset_t as_set = set_of(all);
  const int fd = ::signalfd(-1, &as_set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) return std::unexpected(detail::kernel_error(-errno));
  file arrived = file::from_fd(fd);
  blocked.add(all);
  return signal_set(std::move(arrived), all);
}

signal_set::signal_set(file arrived, std::uint64_t signals) noexcept
    : arrived_(std::move(arrived)), signals_(signals), thread_(&detail::thread_mark) {}

signal_set::signal_set(std::initializer_list<int> signals)
    : signal_set([&] {
        result<signal_set> made = make(signals);
        if (!made) throw std::system_error(made.error(), "cannot wait for signals");
        return std::move(*made);
      }()) {}

signal_set::signal_set(signal_set&& other) noexcept
    : arrived_(std::move(other.arrived_)),
      signals_(std::exchange(other.signals_, 0)),
      thread_(other.thread_) {}

signal_set& signal_set::operator=(signal_set&& other) noexcept {
  if (this == &other) return *this;
  release();
  arrived_ = std::move(other.arrived_);
  signals_ = std::exchange(other.signals_, 0);
  thread_ = other.thread_;
  return *this;
}

void signal_set::release() noexcept {
  const std::uint64_t mine = std::exchange(signals_, 0);
  if (mine != 0 && thread_ == &detail::thread_mark) blocked.remove(mine);
}

task<result<signal_info>> signal_set::next() const {
  const int fd = arrived_.fd();
  for (;;) {
    const result<> ready = co_await detail::until_readable(arrived_.hold());
    if (!ready) co_return std::unexpected(ready.error());
    signalfd_siginfo told{};
    if (::read(fd, &told, sizeof told) == static_cast<ssize_t>(sizeof told))
      co_return info_of(told);
    // Somebody else has taken it in between.
    if (errno != EAGAIN && errno != EINTR) co_return std::unexpected(detail::kernel_error(-errno));
  }
}

}  // namespace carousel
