#include <gtest/gtest.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <functional>
#include <system_error>
#include <utility>

#include "support/in_child.hpp"
#include "support/run.hpp"

namespace carousel {
namespace {

using std::chrono::milliseconds;
using test::error_of;
using test::run;

/// A child that exits with this code.
pid_t exits_with(int code) {
  const pid_t child = fork();
  if (child == 0) _exit(code);
  return child;
}

/// A child that goes on until a signal ends it.
pid_t goes_on() {
  const pid_t child = fork();
  if (child != 0) return child;
  alarm(60);
  for (;;) pause();
}

bool is_child(pid_t pid) { return waitpid(pid, nullptr, 0) == pid; }

TEST(process, tells_the_code_that_a_child_exits_with) {
  run([]() -> task<> {
    const auto child = process::open(exits_with(7));
    const auto end = co_await child->wait();
    EXPECT_EQ(end->code, 7);
    EXPECT_EQ(end->signal, 0);
    EXPECT_FALSE(end->success());
    const auto well = process::open(exits_with(0));
    EXPECT_TRUE((co_await well->wait())->success());
  });
}

TEST(process, tells_the_signal_that_has_ended_a_child) {
  run([]() -> task<> {
    const auto child = process::open(goes_on());
    EXPECT_TRUE(child->send_signal(SIGTERM));
    const auto end = co_await child->wait();
    EXPECT_EQ(end->signal, SIGTERM);
    EXPECT_FALSE(end->core);
    EXPECT_FALSE(end->success());
    EXPECT_EQ(error_of(child->send_signal(SIGTERM)), std::errc::no_such_process);
    EXPECT_EQ(error_of(co_await child->wait()), errc::no_child);
  });
}

TEST(process, collects_a_child_that_sends_no_signal) {
  run([]() -> task<> {
    clone_args how{};
    const auto pid = static_cast<pid_t>(::syscall(SYS_clone3, &how, sizeof how));
    if (pid == 0) _exit(7);
    const auto child = process::open(pid);
    const auto end = co_await child->wait();
    EXPECT_EQ(end.value().code, 7);
    EXPECT_EQ(waitpid(pid, nullptr, __WALL), -1);
  });
}

TEST(process, a_stopped_wait_collects_nothing) {
  run([]() -> task<> {
    const auto child = process::open(goes_on());
    EXPECT_EQ(error_of(co_await timeout(milliseconds(1), child->wait())), errc::timed_out);
    EXPECT_TRUE(child->send_signal(SIGKILL));
    EXPECT_EQ((co_await child->wait())->signal, SIGKILL);
  });
}

TEST(process, a_waiter_that_dies_at_any_moment_collects_nothing) {
  run([]() -> task<> {
    for (int turns = 0; turns < 4; ++turns) {
      const pid_t pid = goes_on();
      const auto child = process::open(pid);
      auto dies = spawn([&]() -> task<> { (void)co_await child->wait(); });
      for (int i = 0; i < turns; ++i) co_await yield();
      kill(pid, SIGKILL);
      dies.abort();
      EXPECT_TRUE(is_child(pid));
    }
  });
}

TEST(process, says_so_when_somebody_else_has_collected_it) {
  run([]() -> task<> {
    const pid_t pid = exits_with(0);
    const auto child = process::open(pid);
    EXPECT_TRUE(is_child(pid));
    EXPECT_EQ(error_of(co_await child->wait()), errc::no_child);
    EXPECT_EQ(error_of(co_await child->wait()), std::errc::no_child_process);
  });
}

TEST(process, says_so_when_the_kernel_has_because_sigchld_is_ignored) {
  const auto child = test::in_child([] {
    (void)signal(SIGCHLD, SIG_IGN);
    return run([]() -> task<int> {
      const auto grandchild = process::open(goes_on());
      (void)grandchild->send_signal(SIGKILL);
      co_return error_of(co_await grandchild->wait()) == errc::no_child ? 0 : 1;
    });
  });
  EXPECT_EQ(child.code, 0) << child.said;
}

TEST(process, is_not_found_where_there_is_none) {
  const pid_t gone = exits_with(0);
  EXPECT_TRUE(is_child(gone));
  EXPECT_EQ(error_of(process::open(gone)), std::errc::no_such_process);
  EXPECT_EQ(error_of(process::open(-1)), std::errc::invalid_argument);
}

TEST(process, outlives_the_runtime_that_waits_for_it) {
  const auto child = process::open(goes_on());
  run([&]() -> task<> {
    spawn([](const process& p) -> task<> { (void)co_await p.wait(); }, std::ref(*child)).detach();
    co_await yield();
  });
  EXPECT_TRUE(child->send_signal(SIGKILL));
  run([&]() -> task<> { EXPECT_EQ((co_await child->wait())->signal, SIGKILL); });
}

TEST(process, leaves_sigchld_as_it_is) {
  struct sigaction now{};
  run([]() -> task<> {
    const auto child = process::open(exits_with(0));
    EXPECT_TRUE((co_await child->wait())->success());
  });
  sigaction(SIGCHLD, nullptr, &now);
  EXPECT_EQ(now.sa_handler, SIG_DFL);
}

}  // namespace
}  // namespace carousel
