#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <functional>
#include <optional>
#include <system_error>
#include <utility>

#include "support/no_more_descriptors.hpp"
#include "support/run.hpp"
#include "support/stream_ends.hpp"

// The kernel accepts by the limit of descriptors that held when the accept began to wait.

namespace carousel {
namespace {

using test::connections;
using test::error_of;
using test::read_text;
using test::run;

/// A connection that has begun, whose descriptor was had before the limit was lowered.
class client {
 public:
  client() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  client(const client&) = delete;
  client& operator=(const client&) = delete;
  ~client() { ::close(fd_); }
  void connect(const tcp_listener& to) const {
    const socket_address at = to.local_address().value();
    EXPECT_EQ(::connect(fd_, at.data(), at.size()), 0);
    EXPECT_EQ(::send(fd_, "here", 4, MSG_NOSIGNAL), 4);
  }

 private:
  int fd_;
};

task<> expect_client(result<tcp_stream> accepted) {
  EXPECT_TRUE(accepted) << accepted.error().message();
  if (accepted) {
    EXPECT_EQ(co_await read_text(*accepted), "here");
  }
}

TEST(accept_limit, one_that_waits_goes_past_a_limit_that_was_lowered_meanwhile) {
  if (test::on_fake_kernel()) GTEST_SKIP() << "the fake kernel needs descriptors of its own";
  run([]() -> task<> {
    const tcp_listener listener = connections<tcp_stream>::listener();
    const client first;
    const client second;
    auto one =
        spawn([](tcp_listener at) -> task<result<tcp_stream>> { co_return co_await at.accept(); },
              listener);
    co_await yield();
    co_await yield();
    std::optional<test::no_more_descriptors> limit(std::in_place);
    first.connect(listener);
    second.connect(listener);
    co_await expect_client(co_await std::move(one));
    const auto refused = co_await listener.accept();
    EXPECT_EQ(error_of(refused), std::errc::too_many_files_open);
    limit.reset();
    co_await expect_client(co_await listener.accept());
  });
}

TEST(accept_limit, one_that_waits_says_so_once_after_the_limit_was_raised_and_loses_none) {
  if (test::on_fake_kernel()) GTEST_SKIP() << "the fake kernel needs descriptors of its own";
  run([]() -> task<> {
    const tcp_listener listener = connections<tcp_stream>::listener();
    accept_stream in = listener.incoming();
    const client first;
    const client second;
    std::optional<test::no_more_descriptors> limit(std::in_place);
    auto waiting = spawn(
        [](accept_stream<tcp_stream>& from) -> task<std::error_code> {
          co_return error_of(co_await from.next());
        },
        std::ref(in));
    co_await yield();
    co_await yield();
    limit.reset();
    first.connect(listener);
    second.connect(listener);
    EXPECT_EQ(co_await std::move(waiting), std::errc::too_many_files_open);
    co_await expect_client(co_await in.next());
    co_await expect_client(co_await in.next());
  });
}

}  // namespace
}  // namespace carousel
