#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <cstddef>
#include <stop_token>
#include <system_error>
#include <utility>
#include <vector>

#include "support/content.hpp"
#include "support/run.hpp"
#include "support/stream_ends.hpp"

// The kernel may tell of a broken connection whom nobody listens to any more. Those who come later
// hear of it all the same.

namespace carousel {
namespace {

using test::chars_of;
using test::connect_both;
using test::error_of;
using test::run;

constexpr std::size_t more_than_fits = std::size_t{8} << 20U;
constexpr int turns_max = 8;

/// The other end of a connection, outside of the runtime: closing it takes no turn.
class outside_end {
 public:
  template <class Stream>
  explicit outside_end(const Stream& of) : fd_(::fcntl(of.fd(), F_DUPFD_CLOEXEC, 0)) {}
  outside_end(const outside_end&) = delete;
  outside_end& operator=(const outside_end&) = delete;
  ~outside_end() { end(); }
  void reset() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    EXPECT_EQ(::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    end();
  }
  void end() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
};

enum class ending { destroyed, stopped };

task<> expect_reset(tcp_stream broken) {
  for (int i = 0; i < 2; ++i) {
    const auto read = co_await broken.read(std::vector<char>(4));
    EXPECT_EQ(error_of(read.res), std::errc::connection_reset);
    const auto written = co_await broken.write(std::vector<char>(4));
    EXPECT_EQ(error_of(written.res), std::errc::connection_reset);
  }
}

/// The connection breaks under `use`, which ends so many turns later.
template <class Stream>
task<> break_under(task<> (*use)(Stream), Stream here, outside_end& there, bool resets, ending how,
                   int turns) {
  std::stop_source stop;
  auto user = spawn([](auto used, Stream s, std::stop_token token) -> task<> {
    (void)co_await stop_on(std::move(token), used(std::move(s)));
  }(use, std::move(here), stop.get_token()));
  for (int i = 0; i < 4; ++i) co_await yield();
  if (resets) {
    there.reset();
  } else {
    there.end();
  }
  for (int i = 0; i < turns; ++i) co_await yield();
  if (how == ending::stopped) {
    stop.request_stop();
    co_await std::move(user);
  } else {
    user.abort();
  }
}

void expect_reset_after(task<> (*use)(tcp_stream)) {
  for (const ending how : {ending::destroyed, ending::stopped}) {
    for (int turns = 0; turns < turns_max; ++turns) {
      SCOPED_TRACE(turns + (how == ending::stopped ? 100 : 0));
      run([=]() -> task<> {
        auto ends = co_await connect_both<tcp_stream>();
        outside_end there(ends.there);
        const result<> closed = co_await std::move(ends.there).close();
        EXPECT_TRUE(closed);
        co_await break_under(use, ends.here, there, true, how, turns);
        co_await expect_reset(ends.here);
      });
    }
  }
}

TEST(unheard_break, told_to_a_read) {
  expect_reset_after([](tcp_stream s) -> task<> { (void)co_await s.read(std::vector<char>(4)); });
}

TEST(unheard_break, told_to_a_vectored_read) {
  expect_reset_after([](tcp_stream s) -> task<> {
    (void)co_await s.readv(std::vector<std::vector<char>>(2, chars_of("four")));
  });
}

TEST(unheard_break, kept_by_a_write_that_it_cut_short) {
  expect_reset_after(
      [](tcp_stream s) -> task<> { (void)co_await s.write(std::vector<char>(more_than_fits)); });
}

TEST(unheard_break, kept_by_a_vectored_write) {
  expect_reset_after([](tcp_stream s) -> task<> {
    (void)co_await s.writev(std::vector<std::vector<char>>(2, std::vector<char>(more_than_fits)));
  });
}

TEST(unheard_break, told_to_a_write_that_has_sent_nothing) {
  expect_reset_after([](tcp_stream s) -> task<> {
    const std::vector<char> some(65536);
    while (::send(s.fd(), some.data(), some.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) continue;
    (void)co_await s.write(std::vector<char>(4));
  });
}

TEST(unheard_break, kept_by_a_zero_copy_send) {
  expect_reset_after(
      [](tcp_stream s) -> task<> { (void)co_await s.send_zc(std::vector<char>(more_than_fits)); });
}

TEST(unheard_break, told_to_a_stream_that_is_gone) {
  expect_reset_after([](tcp_stream s) -> task<> {
    const fixed_buf_pool pool = fixed_buf_pool::make({{.capacity = 64, .count = 1}}).value();
    const buf_group group = pool.group(64, 1).value();
    const receive_stream in = s.receive(group);
    (void)co_await in.next();
  });
}

/// A Unix socket says so when its peer closes with bytes that it has not read.
void expect_unix_reset_after(task<> (*use)(unix_stream), char first = 'x') {
  for (const ending how : {ending::destroyed, ending::stopped}) {
    for (int turns = 0; turns < turns_max; ++turns) {
      SCOPED_TRACE(turns + (how == ending::stopped ? 100 : 0));
      run([=]() -> task<> {
        auto ends = unix_stream::pair().value();
        outside_end there(ends.second);
        const result<> closed = co_await std::move(ends.second).close();
        EXPECT_TRUE(closed);
        (void)co_await ends.first.write(std::vector<char>(1, first));
        co_await break_under(use, ends.first, there, false, how, turns);
        const auto with_fds = co_await ends.first.recv_fds(std::vector<char>(4), 1);
        EXPECT_EQ(error_of(with_fds.res), std::errc::connection_reset);
        const auto read = co_await ends.first.read(std::vector<char>(4));
        EXPECT_EQ(error_of(read.res), std::errc::connection_reset);
        const auto sent = co_await ends.first.send_fds(std::vector<char>(4), {});
        EXPECT_EQ(error_of(sent.res), std::errc::connection_reset);
      });
    }
  }
}

TEST(unheard_break, told_to_one_that_receives_descriptors) {
  expect_unix_reset_after(
      [](unix_stream s) -> task<> { (void)co_await s.recv_fds(std::vector<char>(4), 1); });
}

TEST(unheard_break, told_to_one_that_sends_descriptors) {
  expect_unix_reset_after([](unix_stream s) -> task<> {
    for (;;) {
      const auto sent = co_await s.send_fds(std::vector<char>(65536), {});
      if (!sent.res) co_return;
    }
  });
}

/// What a stop has cut short says nothing of the connection.
TEST(unheard_break, a_write_that_was_stopped_has_not_broken_it) {
  run([]() -> task<> {
    auto ends = co_await connect_both<tcp_stream>();
    std::stop_source stop;
    auto writing = spawn([](tcp_stream to, std::stop_token token) -> task<std::size_t> {
      const auto r =
          co_await stop_on(std::move(token), to.write(std::vector<char>(more_than_fits)));
      co_return r.res.value_or(0);
    }(ends.here, stop.get_token()));
    for (int i = 0; i < 4; ++i) co_await yield();
    stop.request_stop();
    EXPECT_LT(co_await std::move(writing), more_than_fits);
    const auto said = co_await ends.there.write(chars_of("go on"));
    EXPECT_TRUE(said.res);
    const result<> ended = co_await ends.there.shutdown(shut::write);
    EXPECT_TRUE(ended);
    const auto all = co_await test::read_all(ends.here);
    EXPECT_EQ(all, chars_of("go on"));
  });
}

TEST(unheard_break, a_write_that_this_side_has_ended_has_not_broken_it) {
  run([]() -> task<> {
    auto ends = co_await connect_both<tcp_stream>();
    auto writing = spawn([](tcp_stream to) -> task<std::size_t> {
      const auto r = co_await to.write(std::vector<char>(more_than_fits));
      co_return r.res.value_or(0);
    }(ends.here));
    for (int i = 0; i < 4; ++i) co_await yield();
    const result<> ended = co_await ends.here.shutdown(shut::write);
    EXPECT_TRUE(ended);
    EXPECT_LT(co_await std::move(writing), more_than_fits);
    const auto said = co_await ends.there.write(chars_of("answer"));
    EXPECT_TRUE(said.res);
    const result<> answered = co_await ends.there.shutdown(shut::write);
    EXPECT_TRUE(answered);
    const auto all = co_await test::read_all(ends.here);
    EXPECT_EQ(all, chars_of("answer"));
  });
}

}  // namespace
}  // namespace carousel
