#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "support/bytes.hpp"
#include "support/content.hpp"
#include "support/open_fds.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

// Sockets whose operations are whole datagrams: UDP and Unix.

namespace carousel {
namespace {

using std::chrono::milliseconds;
using test::chars_of;
using test::error_of;
using test::open_fds;
using test::owned;
using test::run;
using test::text_of;
using testing::HasSubstr;

socket_address address(std::string_view text) { return socket_address::parse(text).value(); }

template <class Socket>
Socket bound() {
  if constexpr (std::is_same_v<Socket, udp_socket>) {
    return udp_socket::bind(address("127.0.0.1:0")).value();
  } else {
    return unix_datagram::bind(address("unix:")).value();
  }
}

template <class Socket>
class datagrams : public testing::Test {};

struct datagram_names {
  template <class Socket>
  static std::string GetName(int) {
    return std::is_same_v<Socket, udp_socket> ? "udp" : "unix";
  }
};

using datagram_types = testing::Types<udp_socket, unix_datagram>;
TYPED_TEST_SUITE(datagrams, datagram_types, datagram_names);

template <class Socket>
task<std::error_code> send_text(Socket from, std::string text, socket_address to) {
  const std::size_t bytes = text.size();
  const auto sent = co_await from.send_to(chars_of(text), to);
  EXPECT_EQ(sent.res.value_or(bytes), bytes);
  co_return error_of(sent.res);
}

/// What comes next: the text, with a mark where it was cut.
template <class Socket>
task<std::string> next_text(Socket at, std::size_t room = 64) {
  const auto got = co_await at.recv_from(owned("", room));
  if (!got.res) co_return got.res.error().message();
  EXPECT_EQ(got.res->bytes, got.buf.size());
  co_return std::string(text_of(got.buf.bytes())) + (got.res->truncated() ? "..." : "");
}

TYPED_TEST(datagrams, go_to_an_address_and_tell_theirs) {
  run([]() -> task<> {
    const auto one = bound<TypeParam>();
    const auto other = bound<TypeParam>();
    EXPECT_EQ(co_await send_text(one, "ping", other.local_address().value()), std::error_code{});
    const auto got = co_await other.recv_from(owned("old", 64));
    EXPECT_EQ(text_of(got.buf.bytes()), "ping");
    EXPECT_EQ(got.res.value().from, one.local_address().value());
    EXPECT_EQ(got.res.value().length, 4U);
    EXPECT_EQ(co_await send_text(other, "pong", got.res.value().from), std::error_code{});
    EXPECT_EQ(co_await next_text(one), "pong");
  });
}

TYPED_TEST(datagrams, are_whole_and_in_order) {
  run([]() -> task<> {
    const auto one = bound<TypeParam>();
    const auto other = bound<TypeParam>();
    for (const char* text : {"a", "bb", "ccc"})
      EXPECT_EQ(co_await send_text(one, text, other.local_address().value()), std::error_code{});
    for (const char* text : {"a", "bb", "ccc"}) EXPECT_EQ(co_await next_text(other), text);
  });
}

TYPED_TEST(datagrams, that_are_empty_are_no_end) {
  run([]() -> task<> {
    const auto one = bound<TypeParam>();
    const auto other = bound<TypeParam>();
    for (const char* text : {"", "more", ""})
      EXPECT_EQ(co_await send_text(one, text, other.local_address().value()), std::error_code{});
    EXPECT_EQ(co_await next_text(other), "");
    EXPECT_EQ(co_await next_text(other), "more");
    const auto got = co_await other.recv(owned("", 8));
    EXPECT_EQ(got.res, 0U);
  });
}

TYPED_TEST(datagrams, that_are_too_long_say_so) {
  run([]() -> task<> {
    const auto one = bound<TypeParam>();
    const auto other = bound<TypeParam>();
    const socket_address to = other.local_address().value();
    for (int i = 0; i < 5; ++i)
      EXPECT_EQ(co_await send_text(one, "0123456789", to), std::error_code{});
    const auto got = co_await other.recv_from(owned("", 4));
    EXPECT_EQ(got.res.value().bytes, 4U);
    EXPECT_EQ(got.res.value().length, 10U);
    EXPECT_TRUE(got.res.value().truncated());
    EXPECT_EQ(text_of(got.buf.bytes()), "0123");
    EXPECT_EQ(co_await next_text(other, 10), "0123456789");
    const auto short_one = co_await other.recv(owned("", 4));
    EXPECT_EQ(error_of(short_one.res), std::errc::message_size);
    EXPECT_EQ(text_of(short_one.buf.bytes()), "0123");
    const auto none = co_await other.recv_from(std::vector<char>());
    EXPECT_EQ(none.res.value().bytes, 0U);
    EXPECT_EQ(none.res.value().length, 10U);
    std::vector<owned_bytes> two;
    two.push_back(owned("", 1));
    two.push_back(owned("", 2));
    const auto pieces = co_await other.recvmsg(std::move(two));
    EXPECT_EQ(pieces.res.value().bytes, 3U);
    EXPECT_TRUE(pieces.res.value().truncated());
    EXPECT_EQ(text_of(pieces.buf[1].bytes()), "12");
  });
}

TYPED_TEST(datagrams, are_made_of_several_buffers) {
  run([]() -> task<> {
    const auto one = bound<TypeParam>();
    const auto other = bound<TypeParam>();
    std::vector<std::vector<char>> parts = {chars_of("head"), {}, chars_of("body")};
    const auto sent = co_await one.sendmsg(std::move(parts), other.local_address().value());
    EXPECT_EQ(sent.res, 8U);
    std::vector<owned_bytes> into;
    for (const std::size_t room : {5U, 64U}) into.push_back(owned("", room));
    const auto got = co_await other.recvmsg(std::move(into));
    EXPECT_EQ(got.res.value().bytes, 8U);
    EXPECT_EQ(got.res.value().from, one.local_address().value());
    EXPECT_EQ(text_of(got.buf[0].bytes()), "headb");
    EXPECT_EQ(text_of(got.buf[1].bytes()), "ody");
    const auto none =
        co_await one.sendmsg(std::vector<std::vector<char>>(), other.local_address().value());
    EXPECT_EQ(none.res, 0U);
    EXPECT_EQ(co_await next_text(other), "");
  });
}

TYPED_TEST(datagrams, of_a_connected_socket_need_no_address) {
  run([]() -> task<> {
    const auto one = bound<TypeParam>();
    const auto other = bound<TypeParam>();
    const auto nowhere = co_await one.send(chars_of("x"));
    EXPECT_TRUE(error_of(nowhere.res) == std::errc::destination_address_required ||
                error_of(nowhere.res) == std::errc::not_connected)
        << error_of(nowhere.res);
    const result<> connected = co_await one.connect(other.local_address().value());
    EXPECT_TRUE(connected);
    EXPECT_EQ(one.peer_address().value(), other.local_address().value());
    const auto sent = co_await one.send(chars_of("hello"));
    EXPECT_EQ(sent.res, 5U);
    EXPECT_EQ(co_await next_text(other), "hello");
    EXPECT_EQ(co_await send_text(other, "back", one.local_address().value()), std::error_code{});
    const auto got = co_await one.recv(std::vector<char>(64));
    EXPECT_EQ(got.res, 4U);
  });
}

TYPED_TEST(datagrams, of_leases_come_and_go) {
  run([]() -> task<> {
    const fixed_buf_pool pool = fixed_buf_pool::make({{64, 2}}).value();
    const auto one = bound<TypeParam>();
    const auto other = bound<TypeParam>();
    auto lease = pool.try_next(64).value();
    lease.append(test::bytes_of("leased"));
    const auto sent = co_await one.send_to(std::move(lease), other.local_address().value());
    EXPECT_EQ(sent.res, 6U);
    const auto got = co_await other.recv_from(pool.try_next(64).value());
    EXPECT_EQ(text_of(got.buf.bytes()), "leased");
  });
}

TYPED_TEST(datagrams, that_come_after_a_timeout_go_to_the_next_who_waits) {
  run([]() -> task<> {
    const auto one = bound<TypeParam>();
    const auto other = bound<TypeParam>();
    const auto none = co_await timeout(milliseconds(2), other.recv_from(std::vector<char>(8)));
    EXPECT_EQ(error_of(none.res), errc::timed_out);
    EXPECT_EQ(none.buf.size(), 8U);
    auto aborted = spawn(next_text(other));
    co_await yield();
    aborted.abort();
    for (int turns = 0; turns < 5; ++turns) co_await yield();
    EXPECT_EQ(co_await send_text(one, "late", other.local_address().value()), std::error_code{});
    const auto got = co_await timeout(std::chrono::seconds(20), other.recv_from(owned("", 8)));
    EXPECT_EQ(text_of(got.buf.bytes()), "late");
  });
}

TYPED_TEST(datagrams, are_waited_for_no_longer_once_the_socket_is_closed) {
  const std::size_t before = open_fds();
  run([]() -> task<> {
    auto one = bound<TypeParam>();
    auto waiting = spawn([](TypeParam at) -> task<std::error_code> {
      const auto r = co_await at.recv_from(std::vector<char>(8));
      co_return error_of(r.res);
    }(one));
    co_await yield();
    const result<> closed = co_await std::move(one).close();
    EXPECT_TRUE(closed);
    EXPECT_EQ(co_await std::move(waiting), errc::canceled);
  });
  EXPECT_EQ(open_fds(), before);
}

TYPED_TEST(datagrams, sockets_of_the_right_kind_are_adopted) {
  const auto one = bound<TypeParam>();
  const auto again = TypeParam::adopt(::dup(one.fd()));
  EXPECT_EQ(again.value().local_address().value(), one.local_address().value());
  const auto stream = tcp_listener::bind(address("127.0.0.1:0"));
  EXPECT_EQ(error_of(TypeParam::adopt(stream.value().fd())), std::errc::wrong_protocol_type);
}

TEST(udp, a_datagram_that_is_too_long_to_be_sent_is_refused) {
  run([]() -> task<> {
    const auto one = bound<udp_socket>();
    const auto other = bound<udp_socket>();
    const auto sent =
        co_await one.send_to(std::vector<char>(65'536), other.local_address().value());
    EXPECT_EQ(error_of(sent.res), std::errc::message_size);
    EXPECT_EQ(sent.buf.size(), 65'536U);
  });
}

TEST(udp, a_connected_socket_hears_that_nobody_is_there) {
  run([]() -> task<> {
    const auto deaf = bound<udp_socket>();  // or another program might get its port
    const socket_address nobody = deaf.local_address().value();
    const result<> to_itself = co_await deaf.connect(nobody);
    EXPECT_TRUE(to_itself);
    const auto one = bound<udp_socket>();
    const result<> connected = co_await one.connect(nobody);
    EXPECT_TRUE(connected);
    const auto sent = co_await one.send(chars_of("anybody?"));
    EXPECT_TRUE(sent.res);
    const auto got = co_await one.recv(std::vector<char>(8));
    EXPECT_EQ(error_of(got.res), std::errc::connection_refused);
  });
}

TEST(udp, ipv6_is_spoken) {
  run([]() -> task<> {
    const auto one = udp_socket::bind(address("[::1]:0")).value();
    const auto other = udp_socket::bind(address("[::1]:0"), {.v6only = true}).value();
    EXPECT_EQ(co_await send_text(one, "six", other.local_address().value()), std::error_code{});
    const auto got = co_await other.recv_from(owned("", 8));
    EXPECT_EQ(got.res.value().from, one.local_address().value());
  });
}

TEST(udp, an_address_in_use_is_named) {
  const auto one = bound<udp_socket>();
  const socket_address at = one.local_address().value();
  try {
    (void)or_throw(udp_socket::bind(at));
    ADD_FAILURE() << "nothing was thrown";
  } catch (const std::system_error& e) {
    EXPECT_THAT(e.what(), HasSubstr("cannot bind a socket to '" + at.to_string() + "'"));
  }
  EXPECT_EQ(error_of(udp_socket::bind(address("unix:@x"))),
            std::errc::address_family_not_supported);
  EXPECT_EQ(error_of(unix_datagram::bind(at)), std::errc::address_family_not_supported);
  const bind_options shared{.reuse_port = true};
  const auto first = udp_socket::bind(address("127.0.0.1:0"), shared).value();
  EXPECT_TRUE(udp_socket::bind(first.local_address().value(), shared));
}

TEST(unix_datagrams, wait_for_a_slow_receiver_and_lose_nothing) {
  run([]() -> task<> {
    const auto ends = unix_datagram::pair().value();
    constexpr int many = 500;  // more than wait by themselves
    auto sending = spawn([](unix_datagram from) -> task<> {
      for (int i = 0; i < many; ++i) {
        const auto sent = co_await from.send(chars_of(std::to_string(i)));
        EXPECT_TRUE(sent.res);
      }
    }(ends.first));
    for (int i = 0; i < many; ++i) {
      const auto got = co_await ends.second.recv_from(owned("", 8));
      EXPECT_EQ(text_of(got.buf.bytes()), std::to_string(i));
      EXPECT_EQ(got.res.value().from.family(), AF_UNSPEC);
    }
    co_await std::move(sending);
  });
}

TEST(unix_datagrams, have_a_path_that_says_where_they_come_from) {
  const test::temp_dir dir;
  run([&]() -> task<> {
    const socket_address at = address("unix:" + (dir.path() / "socket").string());
    const auto one = unix_datagram::bind(at).value();
    const auto other = bound<unix_datagram>();
    EXPECT_EQ(co_await send_text(one, "x", other.local_address().value()), std::error_code{});
    const auto got = co_await other.recv_from(owned("", 8));
    EXPECT_EQ(got.res.value().from, at);
    const socket_address nobody = address("unix:" + (dir.path() / "none").string());
    EXPECT_EQ(co_await send_text(one, "x", nobody), std::errc::no_such_file_or_directory);
  });
}

}  // namespace
}  // namespace carousel
