#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <csignal>
#include <functional>
#include <initializer_list>
#include <latch>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "support/run.hpp"

namespace carousel {
namespace {

using std::chrono::milliseconds;
using test::error_of;
using test::run;

bool is_blocked(int signal) {
  sigset_t now{};
  pthread_sigmask(SIG_BLOCK, nullptr, &now);
  return sigismember(&now, signal) == 1;
}

TEST(signal_set, tells_which_signal_has_come_and_from_whom) {
  run([]() -> task<> {
    const signal_set set{SIGUSR1, SIGUSR2};
    kill(getpid(), SIGUSR2);
    const auto told = co_await set.next();
    EXPECT_EQ(told->signal, SIGUSR2);
    EXPECT_EQ(told->code, SI_USER);
    EXPECT_EQ(told->pid, getpid());
    EXPECT_EQ(told->uid, getuid());
  });
}

TEST(signal_set, tells_what_a_real_time_signal_comes_with_and_loses_none) {
  run([]() -> task<> {
    const signal_set set{SIGRTMIN};
    for (int i = 1; i <= 3; ++i) sigqueue(getpid(), SIGRTMIN, {.sival_int = i});
    for (int i = 1; i <= 3; ++i) {
      const auto told = co_await set.next();
      EXPECT_EQ(static_cast<int>(told->value), i);
      EXPECT_EQ(told->code, SI_QUEUE);
    }
  });
}

TEST(signal_set, waits_for_one_that_comes_later) {
  run([]() -> task<> {
    const signal_set set{SIGUSR1};
    std::latch waits(1);
    const std::jthread other([&] {  // it inherits what is blocked
      waits.wait();
      kill(getpid(), SIGUSR1);
    });
    waits.count_down();
    EXPECT_EQ((co_await set.next())->signal, SIGUSR1);
  });
}

TEST(signal_set, tells_how_a_child_has_ended) {
  run([]() -> task<> {
    const signal_set set{SIGCHLD};
    const pid_t child = fork();
    if (child == 0) _exit(7);
    const auto told = co_await set.next();
    EXPECT_EQ(told->signal, SIGCHLD);
    EXPECT_EQ(told->pid, child);
    EXPECT_EQ(told->status, 7);
    EXPECT_EQ(waitpid(child, nullptr, 0), child);
  });
}

TEST(signal_set, a_stopped_wait_leaves_the_signal_to_the_next) {
  run([]() -> task<> {
    const signal_set set{SIGUSR1};
    EXPECT_EQ(error_of(co_await timeout(milliseconds(1), set.next())), errc::timed_out);
    raise(SIGUSR1);
    EXPECT_EQ((co_await timeout(std::chrono::hours(1), set.next()))->signal, SIGUSR1);
  });
}

TEST(signal_set, a_waiter_that_dies_at_any_moment_leaves_the_signal_to_the_next) {
  run([]() -> task<> {
    const signal_set set{SIGUSR1};
    for (int turns = 0; turns < 5; ++turns) {
      auto dies = spawn([&]() -> task<> { (void)co_await set.next(); });
      for (int i = 0; i < turns; ++i) co_await yield();
      raise(SIGUSR1);
      if (dies.done()) break;
      dies.abort();
      EXPECT_EQ((co_await set.next())->signal, SIGUSR1);
    }
  });
}

TEST(signal_set, two_who_wait_get_one_each) {
  run([]() -> task<> {
    const signal_set set{SIGUSR1, SIGUSR2};
    auto first = spawn([&]() -> task<int> { co_return (co_await set.next())->signal; });
    auto second = spawn([&]() -> task<int> { co_return (co_await set.next())->signal; });
    co_await yield();
    raise(SIGUSR1);
    raise(SIGUSR2);
    EXPECT_EQ(co_await std::move(first) + co_await std::move(second), SIGUSR1 + SIGUSR2);
  });
}

TEST(signal_set, outlives_the_runtime_that_waits_for_it) {
  const signal_set set{SIGUSR1};
  run([&]() -> task<> {
    spawn([](const signal_set& s) -> task<> { (void)co_await s.next(); }, std::ref(set)).detach();
    co_await yield();
  });
  raise(SIGUSR1);
  run([&]() -> task<> { EXPECT_EQ((co_await set.next())->signal, SIGUSR1); });
}

TEST(signal_set, blocks_its_signals_as_long_as_one_of_them_is_there) {
  EXPECT_FALSE(is_blocked(SIGUSR1));
  {
    signal_set first{SIGUSR1};
    EXPECT_TRUE(is_blocked(SIGUSR1));
    {
      const signal_set second{SIGUSR1, SIGUSR2};
      const signal_set moved = std::move(first);
      EXPECT_TRUE(is_blocked(SIGUSR2));
    }
    EXPECT_FALSE(is_blocked(SIGUSR1));
    first = signal_set{SIGUSR1};
    EXPECT_TRUE(is_blocked(SIGUSR1));
  }
  EXPECT_FALSE(is_blocked(SIGUSR1));
}

TEST(signal_set, leaves_blocked_what_was_so_before) {
  sigset_t one{};
  sigemptyset(&one);
  sigaddset(&one, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &one, nullptr);
  {
    const signal_set set{SIGUSR1};
  }
  EXPECT_TRUE(is_blocked(SIGUSR1));
  pthread_sigmask(SIG_UNBLOCK, &one, nullptr);
}

volatile std::sig_atomic_t handled = 0;

TEST(signal_set, leaves_to_its_handler_what_nobody_took) {
  handled = 0;
  struct sigaction mine{};
  struct sigaction before{};
  mine.sa_handler = [](int) { handled = handled + 1; };
  sigaction(SIGUSR1, &mine, &before);
  {
    const signal_set set{SIGUSR1};
    raise(SIGUSR1);
    EXPECT_EQ(handled, 0);
  }
  EXPECT_EQ(handled, 1);
  sigaction(SIGUSR1, &before, nullptr);
}

TEST(signal_set, touches_no_disposition) {
  const signal_set set{SIGUSR1, SIGCHLD, SIGPIPE};
  for (const int signal : {SIGUSR1, SIGCHLD, SIGPIPE}) {
    struct sigaction now{};
    sigaction(signal, nullptr, &now);
    EXPECT_EQ(now.sa_handler, SIG_DFL);
  }
}

TEST(signal_set, refuses_what_cannot_be_waited_for) {
  for (const int signal : {0, -1, 32, 33, 65, SIGKILL, SIGSTOP})
    EXPECT_EQ(error_of(signal_set::make({SIGUSR1, signal})), std::errc::invalid_argument);
  EXPECT_EQ(error_of(signal_set::make(std::vector<int>{})), std::errc::invalid_argument);
  EXPECT_THROW(signal_set{SIGKILL}, std::system_error);
  EXPECT_FALSE(is_blocked(SIGUSR1));
}

}  // namespace
}  // namespace carousel
