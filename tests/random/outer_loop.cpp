#include "random/outer_loop.hpp"

#include <unistd.h>

#include "loop/loop.hpp"
#include "loop/runtime_access.hpp"

namespace carousel::random_test {
namespace {

constexpr unsigned for_nothing_max = 100;

task<> control(world& w, plan p, bool& ended) {
  co_await controller(w, p);
  ended = true;
}

task<> start_control(world& w, plan p, bool& ended) {
  spawn(control, std::ref(w), p, std::ref(ended)).detach();
  co_return;
}

}  // namespace

outer_loop::progress outer_loop::so_far() const {
  const runtime_stats stats = rt_.stats();
  fake::random copy = w_.random;
  return {stats.operations, stats.enters, stats.cancels, copy.next(), w_.kernel->now()};
}

void outer_loop::poll() {
  const progress before = so_far();
  w_.require(rt_.poll().has_value(), "a poll failed");
  for_nothing_ = so_far() == before ? for_nothing_ + 1 : 0;
  w_.require(for_nothing_ < for_nothing_max, "a program turns and turns, and nothing happens");
}

/// What wants a turn shows in the eventfd, but for what is due.
void outer_loop::require_told() const {
  if (fd_ < 0 || w_.options.forgotten_signals != 0) return;
  const detail::loop& inside = *detail::runtime_access::loop_of(rt_);
  const detail::steady_time now = w_.kernel->now();
  const bool due = !inside.timers.empty() && inside.timers.earliest() <= now;
  if (due || w_.io->wants_turn_at() <= now) return;
  w_.require(w_.kernel->has_signal(), "something wants a turn, and the eventfd does not tell");
}

void outer_loop::require_nothing_to_do() {
  const progress before = so_far();
  w_.require(rt_.poll().has_value(), "a poll failed");
  w_.require(so_far() == before, "a program was told to wait, and there was something to do");
}

void outer_loop::wait() {
  using std::chrono::nanoseconds;
  w_.kernel->wait_for_signal(nanoseconds::zero());
  const nanoseconds told = rt_.may_wait();
  if (told == nanoseconds::zero()) return require_told();
  if (random_.below(4) == 0) require_nothing_to_do();
  if (fd_ < 0 && told != nanoseconds::max() && random_.below(2) == 0) return w_.kernel->pause(told);
  if (fd_ < 0) ask_for_event_fd();
  w_.kernel->wait_for_signal(told);
}

void outer_loop::run(const plan& p) {
  bool ended = false;
  rt_.block_on(start_control(w_, p, ended));
  while (!ended) {  // NOLINT(bugprone-infinite-loop): the task ends it
    if (fd_ < 0 && random_.below(64) == 0) ask_for_event_fd();
    if (w_.between_polls && random_.below(4) == 0) w_.between_polls();
    wait();
    std::uint64_t count = 0;
    if (fd_ >= 0 && w_.kernel->has_signal()) (void)!::read(fd_, &count, sizeof count);
    poll();
  }
}

}  // namespace carousel::random_test
