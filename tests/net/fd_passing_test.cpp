#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "fake/kernel.hpp"
#include "loop/runtime_access.hpp"
#include "support/content.hpp"
#include "support/open_fds.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

// Descriptors on their way from one process to another, of which none is lost or left open.

namespace carousel {
namespace {

using test::chars_of;
using test::error_of;
using test::open_fds;
using test::pipe_pair;
using test::run;

template <class Socket>
class fd_passing_of : public testing::Test {};

struct fd_passing_names {
  template <class Socket>
  static std::string GetName(int) {
    return std::is_same_v<Socket, unix_stream> ? "stream" : "datagram";
  }
};

using fd_passing_types = testing::Types<unix_stream, unix_datagram>;
TYPED_TEST_SUITE(fd_passing_of, fd_passing_types, fd_passing_names);

std::vector<fd_handle> just(const fd_handle& one) { return {one}; }

template <class Socket>
task<std::error_code> send_copies(Socket from, fd_handle of, std::size_t count) {
  const auto r = co_await from.send_fds(chars_of("take"), std::vector<fd_handle>(count, of));
  co_return error_of(r.res);
}

TYPED_TEST(fd_passing_of, what_is_sent_can_be_used_on_the_other_side) {
  const std::size_t before = open_fds();
  run([]() -> task<> {
    const pipe_pair pipe;
    const auto ends = TypeParam::pair().value();
    EXPECT_EQ(co_await send_copies(ends.first, pipe.writer(), 1), std::error_code{});
    auto got = co_await ends.second.recv_fds(std::vector<char>(8), 4);
    EXPECT_EQ(got.res.value().bytes, 4U);
    EXPECT_EQ(got.res.value().fds.size(), 1U);
    EXPECT_EQ(::fcntl(got.res.value().fds[0].fd(), F_GETFD), FD_CLOEXEC);
    const file writer = file::from_fd(std::move(got.res.value().fds[0]).release());
    const auto written = co_await writer.write(chars_of("through another process"));
    EXPECT_TRUE(written.res);
    EXPECT_EQ(pipe.take(), "through another process");
  });
  EXPECT_EQ(open_fds(), before);
}

TYPED_TEST(fd_passing_of, as_many_go_as_the_kernel_takes) {
  const std::size_t before = open_fds();
  run([]() -> task<> {
    const auto ends = TypeParam::pair().value();
    EXPECT_EQ(co_await send_copies(ends.first, ends.first, 253), std::error_code{});
    const auto got = co_await ends.second.recv_fds(std::vector<char>(8), 253);
    EXPECT_EQ(got.res.value().fds.size(), 253U);
    EXPECT_EQ(co_await send_copies(ends.first, ends.first, 254), std::errc::invalid_argument);
    const auto many = co_await ends.second.recv_fds(std::vector<char>(8), 254);
    EXPECT_EQ(error_of(many.res), std::errc::invalid_argument);
  });
  EXPECT_EQ(open_fds(), before);
}

TYPED_TEST(fd_passing_of, more_than_there_is_room_for_are_all_closed) {
  const std::size_t before = open_fds();
  run([]() -> task<> {
    const auto ends = TypeParam::pair().value();
    const std::size_t now = open_fds();
    for (const std::size_t room : {0U, 1U, 2U}) {
      EXPECT_EQ(co_await send_copies(ends.first, ends.first, 5), std::error_code{});
      const auto got = co_await ends.second.recv_fds(test::owned("", 8), room);
      EXPECT_EQ(error_of(got.res), std::errc::message_size) << room;
      EXPECT_EQ(got.buf.size(), 4U);
      EXPECT_EQ(open_fds(), now);
    }
  });
  EXPECT_EQ(open_fds(), before);
}

TYPED_TEST(fd_passing_of, a_message_may_have_none) {
  run([]() -> task<> {
    const auto ends = TypeParam::pair().value();
    EXPECT_EQ(co_await send_copies(ends.first, ends.first, 0), std::error_code{});
    const auto got = co_await ends.second.recv_fds(std::vector<char>(8), 3);
    EXPECT_EQ(got.res.value().bytes, 4U);
    EXPECT_TRUE(got.res.value().fds.empty());
  });
}

TYPED_TEST(fd_passing_of, what_cannot_be_sent_is_named) {
  run([]() -> task<> {
    const auto ends = TypeParam::pair().value();
    const auto nothing = co_await ends.first.send_fds(std::vector<char>(), just(ends.first));
    EXPECT_EQ(error_of(nothing.res), std::errc::invalid_argument);
    auto gone = TypeParam::pair().value().first;
    const fd_handle closed = gone;
    const result<> done = co_await std::move(gone).close();
    EXPECT_TRUE(done);
    EXPECT_EQ(closed.fd(), -1);
    EXPECT_EQ(co_await send_copies(ends.first, closed, 1), std::errc::bad_file_descriptor);
  });
}

TYPED_TEST(fd_passing_of, what_is_on_its_way_stays_open_for_it) {
  const std::size_t before = open_fds();
  run([]() -> task<> {
    const pipe_pair pipe;
    const auto ends = TypeParam::pair().value();
    const auto sent = co_await ends.first.send_fds(chars_of("x"), just(pipe.reader()));
    EXPECT_TRUE(sent.res);
    pipe.put("kept");
    const auto got = co_await ends.second.recv_fds(std::vector<char>(8), 1);
    std::vector<char> bytes(4);
    EXPECT_EQ(::read(got.res.value().fds[0].fd(), bytes.data(), 4), 4);
    EXPECT_EQ(bytes, chars_of("kept"));
  });
  EXPECT_EQ(open_fds(), before);
}

TYPED_TEST(fd_passing_of, a_receiver_that_does_not_ask_for_them_leaves_none_behind) {
  const std::size_t before = open_fds();
  run([]() -> task<> {
    const auto ends = TypeParam::pair().value();
    EXPECT_EQ(co_await send_copies(ends.first, ends.first, 3), std::error_code{});
    if constexpr (std::is_same_v<TypeParam, unix_stream>) {
      const auto got = co_await ends.second.read(std::vector<char>(8));
      EXPECT_EQ(got.res, 4U);
    } else {
      const auto got = co_await ends.second.recv_from(std::vector<char>(8));
      EXPECT_EQ(got.res.value().bytes, 4U);
    }
  });
  EXPECT_EQ(open_fds(), before);
}

/// Some of the receivers get descriptors while they are abandoned.
template <class Socket>
task<> abandon_receivers() {
  for (int i = 0; i < 40; ++i) {
    const auto ends = Socket::pair().value();
    auto receiving = spawn([](Socket at) -> task<> {
      (void)co_await at.recv_fds(std::vector<char>(8), 5);
    }(ends.second));
    for (int turns = 0; turns < i % 3; ++turns) co_await yield();
    EXPECT_EQ(co_await send_copies(ends.first, ends.first, 3), std::error_code{});
    for (int turns = 0; turns < i % 2; ++turns) co_await yield();
    receiving.abort();
  }
}

TYPED_TEST(fd_passing_of, those_that_come_too_late_are_closed) {
  const std::size_t before = open_fds();
  run([] { return abandon_receivers<TypeParam>(); });
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    fake::kernel_options options = fake::kernel_options::benign(seed);
    options.untold = 700;
    options.delay_max = std::chrono::milliseconds(2);
    auto rt =
        detail::runtime_access::make(std::make_unique<fake::kernel>(options), runtime_options{})
            .value();
    rt.block_on(abandon_receivers<TypeParam>());
    EXPECT_TRUE(rt.shutdown(std::chrono::seconds(10)));
  }
  EXPECT_EQ(open_fds(), before);
}

TEST(fd_handle, gives_its_descriptor_away_or_a_duplicate_of_it) {
  const std::size_t before = open_fds();
  {
    fd_handle alone = fd_handle::from_fd(::dup(0));
    const int number = alone.fd();
    const int given = std::move(alone).release();
    EXPECT_EQ(given, number);
    ::close(given);
    fd_handle one = fd_handle::from_fd(::dup(0));
    const fd_handle other = one;
    const int copy = std::move(one).release();
    EXPECT_NE(copy, other.fd());
    EXPECT_EQ(::fcntl(copy, F_GETFD), FD_CLOEXEC);
    ::close(copy);
    EXPECT_GE(::fcntl(other.fd(), F_GETFD), 0);
    EXPECT_EQ(fd_handle::from_fd(-1).release(), -1);
  }
  EXPECT_EQ(open_fds(), before);
}

}  // namespace
}  // namespace carousel
