#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <cstddef>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "support/content.hpp"
#include "support/open_fds.hpp"
#include "support/run.hpp"
#include "support/stream_ends.hpp"
#include "support/temp_dir.hpp"

namespace carousel {
namespace {

using test::chars_of;
using test::connect_to;
using test::error_of;
using test::open_fds;
using test::read_text;
using test::run;
using test::temp_dir;

socket_address at_path(const std::filesystem::path& path) {
  return socket_address::parse("unix:" + path.string()).value();
}

task<std::error_code> connects(socket_address to) {
  const auto made = co_await unix_stream::connect(to);
  co_return error_of(made);
}

TEST(unix_sockets, have_a_path_that_stays) {
  const temp_dir dir;
  const socket_address at = at_path(dir.path() / "socket");
  run([&]() -> task<> {
    {
      const auto listener = unix_listener::bind(at);
      EXPECT_EQ(listener.value().local_address().value(), at);
      const auto client = co_await unix_stream::connect(at);
      const auto accepted = co_await listener.value().accept();
      EXPECT_EQ(client.value().peer_address().value(), at);
      EXPECT_EQ(accepted.value().local_address().value(), at);
      EXPECT_EQ(accepted.value().peer_address().value().to_string(), "unix:");
      EXPECT_EQ(error_of(unix_listener::bind(at)), std::errc::address_in_use);
    }
    EXPECT_TRUE(std::filesystem::exists(dir.path() / "socket"));
    EXPECT_EQ(co_await connects(at), std::errc::connection_refused);
    EXPECT_EQ(error_of(unix_listener::bind(at)), std::errc::address_in_use);
    const result<> removed = co_await file::remove(at.path());
    EXPECT_TRUE(removed);
    EXPECT_EQ(co_await connects(at), std::errc::no_such_file_or_directory);
    EXPECT_TRUE(unix_listener::bind(at));
  });
}

TEST(unix_sockets, may_have_a_path_of_108_bytes) {
  const temp_dir dir;
  const std::string head = dir.path().string() + "/";
  const socket_address at = at_path(head + std::string(108 - head.size(), 'x'));
  run([&]() -> task<> {
    const auto listener = unix_listener::bind(at);
    EXPECT_EQ(listener.value().local_address().value(), at);
    const auto client = co_await unix_stream::connect(at);
    const auto accepted = co_await listener.value().accept();
    EXPECT_EQ(client.value().peer_address().value(), at);
  });
}

TEST(unix_sockets, may_have_a_path_beyond_that_through_its_directory) {
  const temp_dir dir;
  const std::filesystem::path deep = dir.path() / std::string(200, 'd');
  std::filesystem::create_directory(deep);
  run([&]() -> task<> {
    const auto folder = co_await directory::open(deep);
    const socket_address at =
        at_path("/proc/self/fd/" + std::to_string(folder.value().fd()) + "/socket");
    const auto listener = unix_listener::bind(at);
    EXPECT_TRUE(std::filesystem::exists(deep / "socket"));
    const auto client = co_await unix_stream::connect(at);
    EXPECT_EQ(client.value().peer_address().value(), at);
  });
}

TEST(unix_sockets, have_abstract_names_of_any_bytes) {
  const std::string name = "unix:@" + std::string("a\0b\xff", 4) + std::to_string(::getpid());
  const socket_address at = socket_address::parse(name).value();
  run([&]() -> task<> {
    const auto listener = unix_listener::bind(at);
    const auto client = co_await unix_stream::connect(at);
    EXPECT_EQ(client.value().peer_address().value().to_string(), name);
    const socket_address longer = socket_address::parse(name + "x").value();
    EXPECT_EQ(co_await connects(longer), std::errc::connection_refused);
  });
}

TEST(unix_sockets, of_the_internet_are_refused) {
  const socket_address at = socket_address::parse("127.0.0.1:80").value();
  EXPECT_EQ(error_of(unix_listener::bind(at)), std::errc::address_family_not_supported);
  EXPECT_EQ(run([&] { return connects(at); }), std::errc::address_family_not_supported);
}

TEST(unix_sockets, come_in_pairs_without_a_name) {
  const std::size_t before = open_fds();
  run([]() -> task<> {
    const auto ends = unix_stream::pair().value();
    const auto sent = co_await ends.first.write_all(chars_of("hello"));
    EXPECT_TRUE(sent.res);
    EXPECT_EQ(co_await read_text(ends.second), "hello");
    EXPECT_EQ(ends.first.peer_address().value().to_string(), "unix:");
  });
  EXPECT_EQ(open_fds(), before);
}

TEST(unix_sockets, wait_for_room_in_the_backlog) {
  const std::size_t before = open_fds();
  run([]() -> task<> {
    const auto listener = test::connections<unix_stream>::listener({.backlog = 0});
    const auto first = co_await connect_to<unix_stream>(listener);
    auto second = spawn(connect_to<unix_stream>(listener));
    for (int i = 0; i < 5; ++i) co_await yield();
    EXPECT_FALSE(second.done());
    const auto accepted = co_await listener.accept();
    const auto connected = co_await std::move(second);
    EXPECT_TRUE(connected);
    EXPECT_EQ(::fcntl(connected.value().fd(), F_GETFL) & O_NONBLOCK, 0);
    const auto other = co_await listener.accept();
    const auto sent = co_await other.value().write_all(chars_of("hello"));
    EXPECT_TRUE(sent.res);
    EXPECT_EQ(co_await read_text(connected.value()), "hello");
  });
  EXPECT_EQ(open_fds(), before);
}

TEST(unix_sockets, wait_for_room_no_longer_than_they_may) {
  const std::size_t before = open_fds();
  run([]() -> task<> {
    const auto listener = test::connections<unix_stream>::listener({.backlog = 0});
    const auto first = co_await connect_to<unix_stream>(listener);
    const auto late =
        co_await timeout(std::chrono::milliseconds(5), connect_to<unix_stream>(listener));
    EXPECT_EQ(error_of(late), errc::timed_out);
    auto aborted = spawn(connect_to<unix_stream>(listener));
    for (int i = 0; i < 5; ++i) co_await yield();
    aborted.abort();
  });
  EXPECT_EQ(open_fds(), before);
}

TEST(unix_sockets, of_the_right_kind_are_adopted) {
  run([]() -> task<> {
    const auto ends = unix_stream::pair().value();
    const auto listener = test::connections<unix_stream>::listener();
    EXPECT_TRUE(unix_stream::adopt(::dup(ends.first.fd())));
    EXPECT_TRUE(unix_listener::adopt(::dup(listener.fd())));
    EXPECT_EQ(error_of(unix_stream::adopt(listener.fd())), std::errc::wrong_protocol_type);
    const int datagrams = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(error_of(unix_stream::adopt(datagrams)), std::errc::wrong_protocol_type);
    ::close(datagrams);
    co_return;
  });
}

}  // namespace
}  // namespace carousel
