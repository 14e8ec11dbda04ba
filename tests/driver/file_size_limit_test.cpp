#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <csignal>
#include <cstddef>
#include <system_error>
#include <utility>

#include "support/in_child.hpp"
#include "support/open_both.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

// RLIMIT_FSIZE is an error of the write that goes beyond it, whoever executes that. The fake kernel
// writes in the caller's thread, where Linux always raises the signal.

namespace carousel {
namespace {

using test::error_of;
using test::in_child;
using test::run;

constexpr std::size_t block = 4096;

void limit_files() {
  const rlimit to_a_block{.rlim_cur = block, .rlim_max = block};
  setrlimit(RLIMIT_FSIZE, &to_a_block);
}

task<std::error_code> write_beyond(file f) {
  fixed_buf lease = fixed_buf_pool::make({{block, 1}}).value().try_next(block).value();
  lease.resize(block);
  const auto r = co_await f.write_at(std::move(lease), block);
  co_return error_of(r.res);
}

task<std::error_code> truncate_beyond(file f) {
  co_return error_of(co_await f.truncate(2 * block));
}

template <class F>
test::child_end limited(const test::temp_dir& dir, F f, bool direct = false) {
  const auto path = dir.make("f", "");
  return in_child([&] {
    limit_files();
    return run([&]() -> task<int> {
      const auto opened =
          co_await file::open(path, open_options{}.read(true).write(true).direct(direct));
      if (!opened) co_return 0;  // no direct I/O here
      const std::error_code error = co_await f(*opened);
      co_return error == std::errc::file_too_large ? 0 : 1;
    });
  });
}

TEST(file_size_limit, a_write_beyond_it_is_an_error_and_no_signal) {
  const test::temp_dir dir;
  const test::child_end end = limited(dir, write_beyond);
  EXPECT_EQ(end.code, 0) << end.said << end.signal;
}

TEST(file_size_limit, nor_does_a_direct_write_raise_one) {
  const test::temp_dir dir;
  const test::child_end end = limited(dir, write_beyond, true);
  EXPECT_EQ(end.code, 0) << end.said << end.signal;
}

TEST(file_size_limit, a_truncation_beyond_it_is_an_error_and_no_signal) {
  const test::temp_dir dir;
  const test::child_end end = limited(dir, truncate_beyond);
  EXPECT_EQ(end.code, 0) << end.said << end.signal;
}

TEST(file_size_limit, outside_of_the_runtime_the_signal_is_what_it_was) {
  const test::temp_dir dir;
  const auto path = dir.make("f", "");
  const test::child_end end = in_child([&] {
    limit_files();
    run([&]() -> task<> { (void)co_await write_beyond(co_await test::open_both(path)); });
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    return ::pwrite(fd, "x", 1, block) < 0 ? 1 : 2;
  });
  EXPECT_EQ(end.signal, SIGXFSZ) << end.code << end.said;
}

TEST(file_size_limit, a_signal_that_was_pending_before_stays_so) {
  const test::child_end end = in_child([] {
    sigset_t only{};
    sigemptyset(&only);
    sigaddset(&only, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &only, nullptr);
    ::raise(SIGXFSZ);
    run([&]() -> task<> { co_await yield(); });
    sigset_t pending{};
    sigpending(&pending);
    return sigismember(&pending, SIGXFSZ) == 1 ? 0 : 1;
  });
  EXPECT_EQ(end.code, 0) << end.said << end.signal;
}

}  // namespace
}  // namespace carousel
