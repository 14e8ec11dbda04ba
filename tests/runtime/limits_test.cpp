#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/content.hpp"
#include "support/in_child.hpp"
#include "support/linux_version.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/system_call_filter.hpp"
#include "support/temp_dir.hpp"

// What the environment can take away: limits, permissions, space, quiet.

namespace carousel {
namespace {

using test::child_end;
using test::error_of;
using test::in_child;
using test::pipe_pair;
using test::run;
using test::temp_dir;

constexpr int skip = 77;

void limit(int which, rlim_t value) {
  const rlimit both{.rlim_cur = value, .rlim_max = value};
  setrlimit(static_cast<__rlimit_resource>(which), &both);
}
/// A user that nobody else is: what all processes of a user lock, or how many they are, counts
/// against the limit of each. False when that takes more privileges than we have.
bool become_nobody() {
  auto id = 20'000 + static_cast<uid_t>(getpid()) % 40'000;
  while (getpwuid(id) != nullptr) ++id;
  return setresuid(id, id, id) == 0;
}

/// A check in a child process: its line, to be its exit code, unless it holds.
#define CHILD_CHECK(condition) \
  if (!(condition)) return __LINE__ % 200 + 10
#define CO_CHILD_CHECK(condition) \
  if (!(condition)) co_return __LINE__ % 200 + 10

TEST(limits, descriptors_that_run_out_are_an_error_and_return) {
  const child_end end = in_child([] {
    return run([]() -> task<int> {
      limit(RLIMIT_NOFILE, 64);
      std::vector<file> many;
      std::error_code last;
      while (!last) {
        auto opened = co_await file::open("/dev/null");
        last = error_of(opened);
        if (opened) many.push_back(std::move(*opened));
      }
      CO_CHILD_CHECK(last == std::errc::too_many_files_open);
      many.pop_back();
      auto again = co_await file::open("/dev/null");
      CO_CHILD_CHECK(again.has_value());
      co_return 0;
    });
  });
  EXPECT_EQ(end.code, 0) << end.said << end.signal;
}

TEST(limits, a_ring_without_a_descriptor_is_an_error) {
  const child_end end = in_child([] {
    limit(RLIMIT_NOFILE, 3);
    return error_of(runtime::make()) == std::errc::too_many_files_open ? 0 : 1;
  });
  EXPECT_EQ(end.code, 0) << end.said;
}

TEST(limits, a_file_that_grows_too_large_is_a_short_write_and_an_error_and_no_signal) {
  const temp_dir dir;
  const child_end end = in_child([&] {
    limit(RLIMIT_FSIZE, 5000);
    return run([&]() -> task<int> {
      auto opened = co_await file::open(dir.path() / "f", open_options{}.write(true).create(true));
      const file& f = opened.value();
      auto first = co_await f.write_at(std::vector<char>(8000, 'x'), 0);
      CO_CHILD_CHECK(first.res == 5000U);
      auto all = co_await f.write_all_at(std::vector<char>(8000, 'x'), 0);
      CO_CHILD_CHECK(error_of(all.res) == std::errc::file_too_large);
      co_return 0;
    });
  });
  EXPECT_EQ(end.code, 0) << end.said << end.signal;
}

TEST(limits, workers_that_cannot_start_are_no_cancellation) {
  const temp_dir dir;
  ASSERT_EQ(chmod(dir.path().c_str(), 0777), 0);
  const child_end end = in_child([&] {
    limit(RLIMIT_NPROC, 1);
    if (!become_nobody()) return skip;
    return run([&]() -> task<int> {
      auto opened = co_await file::open("/dev/null", open_options{}.write(true));
      if (!opened) co_return error_of(opened) == errc::no_worker ? 0 : 2;
      auto synced = co_await opened->sync_all();
      CO_CHILD_CHECK(!synced);
      if (synced.error() == std::errc::invalid_argument) co_return skip;  // it found a worker
      CO_CHILD_CHECK(synced.error() == errc::no_worker);
      CO_CHILD_CHECK(synced.error() == std::errc::resource_unavailable_try_again);
      CO_CHILD_CHECK(synced.error() != errc::canceled);
      CO_CHILD_CHECK(synced.error().message().find("nobody cancelled it") != std::string::npos);
      co_return 0;
    });
  });
  if (end.code == skip) GTEST_SKIP() << "needs root, and a kernel that starts no worker";
  EXPECT_EQ(end.code, 0) << end.said << end.signal;
}

TEST(limits, codes_that_only_the_kernel_knows_are_interruptions) {
  for (const int code : {512, 513, 514, 516})
    EXPECT_EQ(detail::kernel_error(-code), std::errc::interrupted);
}

TEST(limits, buffers_that_cannot_be_locked_run_unregistered_or_say_which_limit) {
  const child_end end = in_child([] {
    limit(RLIMIT_MEMLOCK, 256 << 10);
    if (!become_nobody()) return skip;
    return run([]() -> task<int> {
      const auto strict = fixed_buf_pool::make({{1U << 20U, 2}}, {.strict = true}).value();
      CO_CHILD_CHECK(error_of(strict.register_buffers()) == errc::memlock_limit);
      const std::string advice = strict.memlock_report();
      CO_CHILD_CHECK(advice.find("2097152 bytes") != std::string::npos);
      CO_CHILD_CHECK(advice.find("262144 bytes") != std::string::npos);
      CO_CHILD_CHECK(advice.find("ulimit -l 3072") != std::string::npos);
      const auto pool = fixed_buf_pool::make({{1U << 20U, 2}}).value();
      CO_CHILD_CHECK(pool.register_buffers());
      CO_CHILD_CHECK(pool.registered() == registration::plain);
      const registration_report told = pool.why_plain();
      CO_CHILD_CHECK(told.refused == std::errc::not_enough_memory);
      CO_CHILD_CHECK(told.outcome == registration::plain);
      CO_CHILD_CHECK(told.wanted_bytes == 2097152);
      CO_CHILD_CHECK(told.allowed_bytes == 262144U);
      CO_CHILD_CHECK(told.message == advice);
      const file zeroes = (co_await file::open("/dev/zero")).value();
      auto r = co_await zeroes.read_fixed_at(pool.try_next(1U << 20U).value(), 0);
      CO_CHILD_CHECK(r.res.value_or(0) > 0);  // work for the thread ends a read of /dev/zero early
      co_return 0;
    });
  });
  if (end.code == skip) GTEST_SKIP() << "needs root";
  EXPECT_EQ(end.code, 0) << end.said << end.signal;
}

TEST(limits, a_ring_that_cannot_be_locked_says_which_limit) {
  const child_end end = in_child([] {
    limit(RLIMIT_MEMLOCK, 0);
    if (!become_nobody()) return skip;
    const auto made = runtime::make();
    if (made) return skip;  // Linux 6.13 and earlier do not charge rings
    return error_of(made) == errc::memlock_limit ? 0 : 1;
  });
  if (end.code == skip) GTEST_SKIP() << "needs root, and Linux 6.14";
  EXPECT_EQ(end.code, 0) << end.said;
}

TEST(limits, a_hundred_runtimes_in_turn_register_at_the_limit) {
  const child_end end = in_child([] {
    limit(RLIMIT_MEMLOCK, 512 << 10);
    if (!become_nobody()) return skip;
    const auto pool = fixed_buf_pool::make({{64U << 10U, 6}}, {.strict = true}).value();
    for (int i = 0; i < 100; ++i) {
      auto made = runtime::make();
      CHILD_CHECK(made);
      const std::error_code told = made->block_on([](fixed_buf_pool p) -> task<std::error_code> {
        co_return error_of(p.register_buffers());
      }(pool));
      CHILD_CHECK(!told);
    }
    return 0;
  });
  if (end.code == skip) GTEST_SKIP() << "needs root";
  EXPECT_EQ(end.code, 0) << end.said;
}

task<int> read_unregistered() {
  const auto pool = fixed_buf_pool::make({{4096, 1}}).value();
  CO_CHILD_CHECK(pool.register_buffers());
  CO_CHILD_CHECK(pool.registered() == registration::plain);
  const file zeroes = (co_await file::open("/dev/zero")).value();
  auto r = co_await zeroes.read_fixed_at(pool.try_next(4096).value(), 0);
  CO_CHILD_CHECK(r.res == 4096U);
  co_return 0;
}

TEST(limits, a_filter_on_registering_leaves_the_rest_working) {
  constexpr unsigned register_buffers = 0;
  for (const unsigned error : {unsigned{EPERM}, unsigned{ENOMEM}, unsigned{ENOSYS}}) {
    const child_end one = in_child([&] {
      if (!test::refuse({{SYS_io_uring_register, error, register_buffers}})) return skip;
      return run(read_unregistered);
    });
    if (one.code == skip) GTEST_SKIP() << "no seccomp here";
    EXPECT_EQ(one.code, 0) << error << one.said;
    const child_end all = in_child([&] {
      if (!test::refuse({{SYS_io_uring_register, error}})) return skip;
      return run(read_unregistered);
    });
    EXPECT_EQ(all.code, 0) << error << all.said;
  }
}

TEST(limits, a_filter_on_entering_is_the_error_of_each_operation) {
  const child_end end = in_child([] {
    if (!test::refuse({{SYS_io_uring_enter, EPERM}})) return skip;
    return run([]() -> task<int> {
      const auto opened = co_await file::open("/dev/zero");
      CO_CHILD_CHECK(error_of(opened) == std::errc::operation_not_permitted);
      co_return 0;
    });
  });
  if (end.code == skip) GTEST_SKIP() << "no seccomp here";
  EXPECT_EQ(end.code, 0) << end.said << end.signal;
}

TEST(limits, a_full_file_system_is_an_error_and_space_returns) {
  const temp_dir dir;
  const std::string where = dir.path() / "mounted";
  const std::string image = dir.path() / "image";
  std::filesystem::create_directory(where);
  const std::string make = "truncate -s 16M " + image + " && mkfs.ext4 -q " + image +
                           " && mount -o loop " + image + " " + where + " 2>/dev/null";
  if (geteuid() != 0 || std::system(make.c_str()) != 0)
    GTEST_SKIP() << "needs root and loop devices";
  run([&]() -> task<> {
    const auto path = std::filesystem::path(where) / "f";
    auto opened = co_await file::open(path, open_options{}.write(true).create(true));
    const file f = std::move(opened).value();
    auto written = co_await f.write_all_at(std::vector<char>(32U << 20U, 'x'), 0);
    EXPECT_EQ(error_of(written.res), std::errc::no_space_on_device);
    EXPECT_EQ(written.buf.size(), 32U << 20U);
    const auto cut = co_await f.truncate(0);
    EXPECT_TRUE(cut);
    auto again = co_await f.write_all_at(std::vector<char>(1U << 20U, 'x'), 0);
    EXPECT_TRUE(again.res);
  });
  EXPECT_EQ(umount2(where.c_str(), MNT_DETACH), 0);
}

task<> read_for_ever(file from, fixed_buf lease) {
  (void)co_await from.read_fixed(std::move(lease));
}

/// Ends the process by `how` inside a task, with a hundred reads in the kernel.
template <class How>
child_end end_inside(How how) {
  return in_child([&] {
    const pipe_pair pipe;
    static const auto pool = fixed_buf_pool::make({{64, 101}}).value();
    static const std::optional<fixed_buf> held = pool.try_next(64);
    run([&]() -> task<> {
      EXPECT_TRUE(pool.register_buffers());
      for (int i = 0; i < 100; ++i)
        (void)spawn(read_for_ever, pipe.reader(), pool.try_next(64).value());
      co_await yield();
      co_await yield();
      how();
    });
    return 1;
  });
}

TEST(limits, a_process_that_ends_inside_a_task_just_ends) {
  EXPECT_EQ(end_inside([] { std::exit(3); }).code, 3);
  EXPECT_EQ(end_inside([] { std::quick_exit(4); }).code, 4);
  EXPECT_EQ(end_inside([] { std::abort(); }).signal, SIGABRT);
  EXPECT_EQ(end_inside([] { raise(SIGKILL); }).signal, SIGKILL);
}

void ignore(int) {}

/// Before Linux 6.4 workers read and write pipes, and a signal may keep the kernel from making one.
bool lacks_a_worker(std::error_code error) {
  return error == errc::no_worker && test::pipe_reads_always_wait();
}

task<std::error_code> read_eight(file from) {
  for (;;) {
    const auto r = co_await from.read(std::vector<char>(8));
    if (!lacks_a_worker(error_of(r.res))) co_return error_of(r.res);
  }
}

task<std::error_code> write_eight(file to) {
  for (;;) {
    const auto r = co_await to.write(std::vector<char>(8, 'x'));
    if (!lacks_a_worker(error_of(r.res))) co_return error_of(r.res);
  }
}

TEST(limits, a_storm_of_signals_interrupts_nothing) {
  for (const int flags : {0, SA_RESTART}) {
    struct sigaction storm{};
    storm.sa_handler = ignore;
    storm.sa_flags = flags;
    struct sigaction before{};
    sigaction(SIGALRM, &storm, &before);
    const itimerval often{.it_interval = {0, 100}, .it_value = {0, 100}};
    setitimer(ITIMER_REAL, &often, nullptr);
    run([]() -> task<> {
      const pipe_pair pipe;
      const file in = pipe.reader();
      const file out = pipe.writer();
      for (int i = 0; i < 2000; ++i) {
        auto reading = spawn(read_eight, in);
        EXPECT_EQ(co_await write_eight(out), std::error_code{});
        EXPECT_EQ(co_await std::move(reading), std::error_code{});
      }
    });
    const itimerval none{};
    setitimer(ITIMER_REAL, &none, nullptr);
    sigaction(SIGALRM, &before, nullptr);
  }
}

}  // namespace
}  // namespace carousel
