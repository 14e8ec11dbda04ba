#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <carousel/carousel.hpp>

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/bytes.hpp"
#include "support/foreign.hpp"
#include "support/in_child.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/small.hpp"
#include "support/system_call_filter.hpp"

// fork() in a program with runtimes: the child is kept off its parent's ring, and the parent
// notices nothing.

namespace carousel {
namespace {

using test::child_end;
using test::foreign;
using test::in_child;
using test::pipe_pair;
using test::run;
using test::small;
using testing::HasSubstr;

constexpr const char* sentence = "a runtime cannot be used in a child of fork()";

task<> nothing() { co_return; }

/// The child may not touch any ring: the kernel kills it if it does.
bool forbid_io_uring() {
  return test::refuse(
      {{.number = SYS_io_uring_enter, .error = 0}, {.number = SYS_io_uring_register, .error = 0}});
}

TEST(fork, a_child_that_drives_an_inherited_runtime_stops_with_a_sentence) {
  runtime rt = runtime::make().value();
  const auto drive = [&](auto how) {
    const child_end end = in_child([&] {
      how();
      return 0;
    });
    EXPECT_EQ(end.signal, SIGABRT);
    EXPECT_THAT(end.said, HasSubstr(sentence));
  };
  drive([&] { rt.block_on(nothing()); });
  drive([&] { (void)rt.poll(); });
  drive([&] { (void)rt.may_wait(); });
  drive([&] { (void)rt.event_fd(); });
  drive([&] { (void)rt.shutdown(std::chrono::seconds(1)); });
  rt.block_on(nothing());
}

TEST(fork, a_child_that_goes_on_in_a_task_of_its_parent_stops_with_a_sentence) {
  const child_end end = in_child([&] {
    run([&]() -> task<> {
      if (fork() == 0) {
        co_await yield();
        _exit(0);
      }
      int status = 0;
      wait(&status);
      EXPECT_TRUE(WIFSIGNALED(status));
      _exit(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT ? 0 : 1);
    });
    return 1;
  });
  EXPECT_EQ(end.code, 0);
  EXPECT_THAT(end.said, HasSubstr("a child of fork() has no runtime"));
}

TEST(fork, a_child_that_only_returns_from_a_task_stops_before_it_touches_the_ring) {
  const child_end end = in_child([] {
    int status = -1;
    run([&]() -> task<> {
      if (const pid_t child = fork(); child > 0) {
        waitpid(child, &status, 0);
      } else if (!forbid_io_uring()) {
        _exit(0);
      }
      co_return;
    });
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  });
  EXPECT_EQ(end.code, SIGABRT);
  EXPECT_THAT(end.said, HasSubstr("a child of fork() has no runtime"));
}

TEST(fork, a_child_made_between_two_completions_leaves_the_second_alone) {
  const child_end end = in_child([] {
    int status = -1;
    run([&]() -> task<> {
      const auto zeroes = co_await file::open("/dev/zero");
      const auto forks_after_a_read =
          [&]() -> foreign {  // no task, whose end would look for a runtime
        (void)co_await zeroes->read(std::vector<char>(1));
        if (const pid_t child = fork(); child > 0) {
          waitpid(child, &status, 0);
        } else if (!forbid_io_uring()) {
          _exit(0);
        }
      };
      const foreign first = forks_after_a_read();
      (void)co_await zeroes->read(std::vector<char>(1));
      EXPECT_TRUE(first.done());
    });
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  });
  EXPECT_EQ(end.code, SIGABRT);
  EXPECT_THAT(end.said, HasSubstr(sentence));
}

task<std::string> read_text(file from, fixed_buf lease) {
  auto r = co_await from.read_fixed(std::move(lease));
  co_return test::text_of(r.buf.bytes());
}

TEST(fork, destructors_in_the_child_leave_the_ring_alone_and_the_parent_goes_on) {
  const pipe_pair pipe;
  std::optional<runtime> rt = runtime::make().value();
  std::optional pool = fixed_buf_pool::make({{small, 2}}).value();
  std::optional<file> end = pipe.reader();
  std::optional<file> ringed;
  std::optional<fixed_buf> lease;
  std::optional<join_handle<std::string>> reading;
  rt->block_on([&]() -> task<> {
    EXPECT_TRUE(pool->register_buffers());
    for (int i = 0; i < 20; ++i) {  // often enough for an entry of the file table
      pipe.put("x");
      auto r = co_await end->read(std::vector<char>(1));
      EXPECT_EQ(r.res, 1U);
    }
    reading = spawn(read_text, *end, pool->try_next(small).value());
    lease = pool->try_next(small);
    auto opened = co_await file::open("/dev/zero", open_options{}.ring_only(true));
    ringed = opened.value();
    co_await yield();
    co_await yield();
  }());
  const child_end child = in_child([&] {
    if (!forbid_io_uring()) return 77;
    lease->append(test::bytes_of("the child's copy"));
    lease.reset();
    reading->abort();
    end.reset();
    ringed.reset();
    pool.reset();
    reading.reset();
    rt.reset();
    return 0;
  });
  if (child.code == 77) GTEST_SKIP() << "no seccomp here";
  EXPECT_EQ(child.code, 0) << child.said << " signal " << child.signal;
  EXPECT_EQ(child.said, "");
  EXPECT_EQ(lease->size(), 0U);
  pipe.put("for the parent");
  const std::string got =
      rt->block_on([](join_handle<std::string> h, file zeros) -> task<std::string> {
        const auto r = co_await zeros.read(std::vector<char>(8));
        EXPECT_EQ(r.res, 8U);
        co_return co_await std::move(h);
      }(std::move(*reading), *ringed));
  EXPECT_EQ(got, "for the parent");
}

TEST(fork, a_child_can_make_a_runtime_of_its_own_while_its_parent_reads) {
  const pipe_pair pipe;
  runtime rt = runtime::make().value();
  const auto pool = fixed_buf_pool::make({{small, 1}}).value();
  std::optional<join_handle<std::string>> reading;
  rt.block_on([&]() -> task<> {
    EXPECT_TRUE(pool.register_buffers());
    reading = spawn(read_text, pipe.reader(), pool.try_next(small).value());
    co_await yield();
    co_await yield();
  }());
  const child_end child = in_child([] {
    const pipe_pair own;
    own.put("in the child");
    return run([&]() -> task<int> {
      const auto leases = fixed_buf_pool::make({{small, 1}}).value();
      if (!leases.register_buffers()) co_return 2;
      const std::string got = co_await read_text(own.reader(), leases.try_next(small).value());
      co_return got == "in the child" ? 0 : 3;
    });
  });
  EXPECT_EQ(child.code, 0) << child.said;
  pipe.put("in the parent");
  const std::string got = rt.block_on([](join_handle<std::string> h) -> task<std::string> {
    co_return co_await std::move(h);
  }(std::move(*reading)));
  EXPECT_EQ(got, "in the parent");
}

TEST(fork, programs_started_under_io_inherit_no_ring_and_lose_nothing) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    EXPECT_TRUE(pool.register_buffers());
    const file end = pipe.reader();
    for (int i = 0; i < 30; ++i) {
      auto reading = spawn(read_text, end, pool.try_next(small).value());
      co_await yield();
      co_await yield();
      pid_t child = 0;
      std::string program = "/bin/sh";
      std::string option = "-c";
      std::string script = "ls -l /proc/self/fd | grep -q io_uring && exit 1; exit 0";
      const std::array<char*, 4> arguments = {program.data(), option.data(), script.data(),
                                              nullptr};
      EXPECT_EQ(posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments.data(), environ),
                0);
      pipe.put("kept");
      int status = -1;
      EXPECT_EQ(waitpid(child, &status, 0), child);
      EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
      const std::string got = co_await std::move(reading);
      EXPECT_EQ(got, "kept");
    }
  });
}

}  // namespace
}  // namespace carousel
