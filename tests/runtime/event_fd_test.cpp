#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "support/bytes.hpp"
#include "support/event_counter.hpp"
#include "support/linux_version.hpp"
#include "support/open_fds.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/small.hpp"

// A program with an epoll loop of its own drives a runtime: it waits for event_fd() as long as
// may_wait() says, then polls.

namespace carousel {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using test::error_of;
using test::pipe_pair;
using test::room;
using test::text_of;

/// Waits in epoll and polls until `done`; counts the waits that only their time limit ended.
class epoll_loop {
 public:
  explicit epoll_loop(runtime& rt) : rt_(rt), fd_(rt.event_fd().value()) {
    epoll_event event{.events = EPOLLIN, .data = {}};
    EXPECT_EQ(epoll_ctl(epoll_, EPOLL_CTL_ADD, fd_, &event), 0);
  }
  epoll_loop(const epoll_loop&) = delete;
  epoll_loop& operator=(const epoll_loop&) = delete;
  ~epoll_loop() { ::close(epoll_); }

  void run_until(const bool& done) {
    for (;;) {
      EXPECT_TRUE(rt_.poll());
      if (done) return;
      // Rounded up, as epoll_wait counts in milliseconds; a minute stands for ever.
      const auto limit = std::min<nanoseconds>(rt_.may_wait(), std::chrono::minutes(1));
      const int wait_ms = static_cast<int>(std::chrono::ceil<milliseconds>(limit).count());
      epoll_event event{};
      if (epoll_wait(epoll_, &event, 1, wait_ms) != 1) continue;
      std::uint64_t count = 0;
      EXPECT_EQ(::read(fd_, &count, sizeof count), static_cast<ssize_t>(sizeof count));
    }
  }

 private:
  runtime& rt_;
  int fd_;
  int epoll_ = epoll_create1(EPOLL_CLOEXEC);
};

TEST(event_fd, wakes_an_epoll_loop_for_every_completion) {
  if (!test::linux_is_before(6, 2) && test::linux_is_before(6, 18))
    GTEST_SKIP() << "the kernel forgets to signal some";
  const pipe_pair there;
  const pipe_pair back;
  runtime rt = runtime::make().value();
  epoll_loop loop(rt);
  bool done = false;
  constexpr int rounds = 100;
  auto begin = [&]() -> task<> {
    (void)spawn([&]() -> task<> {
      for (int i = 0; i < rounds; ++i) {
        const auto r = co_await there.reader().read(room());
        EXPECT_EQ(text_of(r.buf.bytes()), "ping");
        back.put("pong");
      }
      done = true;
    });
    co_return;
  };
  rt.block_on(begin());
  // Blocking, so each answer needs the loop to have been woken by the question.
  const std::jthread other([&] {
    char answer[4];
    const file end = back.reader();
    for (int i = 0; i < rounds; ++i) {
      there.put("ping");
      EXPECT_EQ(::read(end.fd(), answer, sizeof answer), 4);
    }
  });
  loop.run_until(done);
}

TEST(event_fd, is_one_per_runtime_and_ends_with_it) {
  const std::size_t before = test::open_fds();
  {
    runtime rt = runtime::make().value();
    const int fd = rt.event_fd().value();
    EXPECT_EQ(rt.event_fd().value(), fd);
  }
  EXPECT_EQ(test::open_fds(), before);
  runtime ended = runtime::make().value();
  EXPECT_TRUE(ended.shutdown(std::chrono::seconds(1)));
  EXPECT_EQ(error_of(ended.event_fd()), errc::shut_down);
  EXPECT_EQ(ended.may_wait(), nanoseconds::max());
}

TEST(event_fd, timers_and_timeouts_pass_in_an_epoll_loop) {
  const pipe_pair pipe;
  runtime rt = runtime::make().value();
  epoll_loop loop(rt);
  bool done = false;
  auto begin = [&]() -> task<> {
    (void)spawn([&]() -> task<> {
      co_await sleep_for(milliseconds(2));
      const auto r = co_await timeout(milliseconds(2), pipe.reader().read(room()));
      EXPECT_EQ(error_of(r.res), errc::timed_out);
      done = true;
    });
    co_return;
  };
  rt.block_on(begin());
  loop.run_until(done);
}

TEST(event_fd, a_stop_by_another_thread_wakes_an_epoll_loop) {
  const pipe_pair pipe;
  runtime rt = runtime::make().value();
  epoll_loop loop(rt);
  bool done = false;
  std::stop_source source;
  auto begin = [&]() -> task<> {
    (void)spawn([&]() -> task<> {
      const auto r = co_await stop_on(source.get_token(), pipe.reader().read(room()));
      EXPECT_EQ(error_of(r.res), errc::canceled);
      done = true;
    });
    co_return;
  };
  rt.block_on(begin());
  const std::jthread other([&] { source.request_stop(); });
  loop.run_until(done);
}

TEST(event_fd, tells_of_every_post_of_another_thread) {
  runtime rt = runtime::make().value();
  epoll_loop loop(rt);
  constexpr int posts = 200;
  std::atomic<int> ran = 0;
  bool done = false;
  // Each one goes out when the one before has run, while the program waits or is about to.
  const std::jthread other([&, there = rt.remote()] {
    for (int i = 0; i < posts; ++i) {
      there.post([&] {
        done = ++ran == posts;
        ran.notify_all();
      });
      ran.wait(i);
    }
  });
  loop.run_until(done);
}

TEST(event_fd, tells_each_time_that_an_eventfd_of_the_programs_is_written_to) {
  const test::event_counter rung;
  runtime rt = runtime::make().value();
  epoll_loop loop(rt);
  constexpr int rings = 20;
  std::atomic<int> heard = 0;
  bool done = false;
  auto begin = [&]() -> task<> {
    spawn([&]() -> task<> {
      const poll_stream events = poll_stream::on_foreign(rung.fd(), poll_events::readable).value();
      while (heard < rings) {
        EXPECT_TRUE(co_await events.next());
        if (rung.take() == 0) continue;
        ++heard;
        heard.notify_all();
      }
      done = true;
    }).detach();
    co_return;
  };
  rt.block_on(begin());
  const std::jthread other([&] {
    for (int i = 0; i < rings; ++i) {
      EXPECT_TRUE(rung.add());
      heard.wait(i);
    }
  });
  loop.run_until(done);
}

TEST(may_wait, is_zero_while_a_task_is_ready_or_a_completion_is_there) {
  runtime rt = runtime::make().value();
  const auto begin = [](auto work) -> task<> {
    (void)spawn(work);
    co_return;
  };
  rt.block_on(begin([]() -> task<> {
    for (int turns = 0; turns < 10; ++turns) co_await yield();
  }));
  EXPECT_EQ(rt.may_wait(), nanoseconds::zero());
  while (rt.may_wait() == nanoseconds::zero()) EXPECT_TRUE(rt.poll());
  EXPECT_EQ(rt.may_wait(), nanoseconds::max());
  rt.block_on(begin([]() -> task<> {
    const file zeroes = file::from_fd(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
    for (int reads = 0; reads < 10; ++reads) (void)co_await zeroes.read(room());
    co_await sleep_for(hours(1));
  }));
  EXPECT_EQ(rt.may_wait(), nanoseconds::zero());
  while (rt.may_wait() == nanoseconds::zero()) EXPECT_TRUE(rt.poll());
  EXPECT_GT(rt.may_wait(), std::chrono::minutes(59));
}

TEST(may_wait, tells_what_the_next_poll_is_for) {
  const pipe_pair pipe;
  runtime rt = runtime::make().value();
  EXPECT_EQ(rt.may_wait(), nanoseconds::max());
  auto begin = [&]() -> task<> {
    (void)spawn([&]() -> task<> {
      (void)co_await pipe.reader().read(room());
      co_await sleep_for(hours(1));
    });
    co_return;
  };
  rt.block_on(begin());
  EXPECT_TRUE(rt.poll());
  EXPECT_EQ(rt.may_wait(), nanoseconds::max());  // only the kernel can go on
  pipe.put("x");
  while (rt.may_wait() == nanoseconds::max()) EXPECT_TRUE(rt.poll());  // before 6.4 a worker reads
  while (rt.may_wait() == nanoseconds::zero()) EXPECT_TRUE(rt.poll());
  EXPECT_GT(rt.may_wait(), std::chrono::minutes(59));
  EXPECT_LE(rt.may_wait(), hours(1));
}

}  // namespace
}  // namespace carousel
