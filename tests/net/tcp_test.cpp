#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <cstddef>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "support/content.hpp"
#include "support/open_fds.hpp"
#include "support/run.hpp"
#include "support/stream_ends.hpp"

namespace carousel {
namespace {

using test::chars_of;
using test::connect_both;
using test::connect_to;
using test::error_of;
using test::open_fds;
using test::read_text;
using test::run;
using testing::HasSubstr;

socket_address address(std::string_view text) { return socket_address::parse(text).value(); }

int option_of(const socket_handle& of, int level, int name) {
  int value = -1;
  socklen_t bytes = sizeof value;
  EXPECT_EQ(::getsockopt(of.fd(), level, name, &value, &bytes), 0);
  return value;
}

/// A port of the loopback interface at which nobody listens, nor any other program meanwhile.
class silent_port {
 public:
  silent_port() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const socket_address any = address("127.0.0.1:0");
    EXPECT_EQ(::bind(fd_, any.data(), any.size()), 0);
  }
  silent_port(const silent_port&) = delete;
  silent_port& operator=(const silent_port&) = delete;
  ~silent_port() { ::close(fd_); }
  [[nodiscard]] socket_address where() const {
    sockaddr_in at{};
    socklen_t bytes = sizeof at;
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &bytes), 0);
    return socket_address::from(reinterpret_cast<const sockaddr*>(&at), bytes).value();
  }

 private:
  int fd_;
};

/// The error of a connection to here, or none when it works.
task<std::error_code> connects(socket_address to, connect_options options = {}) {
  const auto made = co_await tcp_stream::connect(to, options);
  co_return error_of(made);
}

TEST(tcp, a_listener_has_the_port_that_the_kernel_has_chosen) {
  const tcp_listener listener = tcp_listener::bind(address("127.0.0.1:0")).value();
  EXPECT_NE(listener.local_address().value().port(), 0);
  EXPECT_EQ(error_of(listener.peer_address()), std::errc::not_connected);
}

TEST(tcp, both_ends_say_where_they_are) {
  run([]() -> task<> {
    const auto ends = co_await connect_both<tcp_stream>();
    EXPECT_EQ(ends.here.local_address().value(), ends.there.peer_address().value());
    EXPECT_EQ(ends.here.peer_address().value(), ends.there.local_address().value());
    EXPECT_EQ(ends.here.local_address().value().family(), AF_INET);
  });
}

TEST(tcp, connections_are_accepted_in_their_order) {
  run([]() -> task<> {
    const auto listener = test::connections<tcp_stream>::listener();
    std::vector<tcp_stream> clients;
    for (int i = 0; i < 5; ++i) {
      auto client = co_await connect_to<tcp_stream>(listener);
      clients.push_back(std::move(client).value());
    }
    for (const tcp_stream& client : clients) {
      const auto accepted = co_await listener.accept();
      EXPECT_EQ(accepted.value().peer_address().value(), client.local_address().value());
    }
  });
}

TEST(tcp, descriptors_are_closed_on_exec) {
  run([]() -> task<> {
    const auto listener = test::connections<tcp_stream>::listener();
    const auto client = co_await connect_to<tcp_stream>(listener);
    const auto accepted = co_await listener.accept();
    for (const int fd : {listener.fd(), client.value().fd(), accepted.value().fd()})
      EXPECT_EQ(::fcntl(fd, F_GETFD), FD_CLOEXEC);
  });
}

TEST(tcp, ipv6_is_spoken) {
  run([]() -> task<> {
    const auto listener = tcp_listener::bind(address("[::1]:0"));
    const auto client = co_await tcp_stream::connect(listener.value().local_address().value());
    const auto accepted = co_await listener.value().accept();
    EXPECT_EQ(accepted.value().peer_address().value(), client.value().local_address().value());
    EXPECT_THAT(accepted.value().peer_address().value().to_string(), HasSubstr("[::1]:"));
  });
}

TEST(tcp, v6only_decides_whether_ipv4_comes_in) {
  run([]() -> task<> {
    for (const bool only : {false, true}) {
      const auto listener = tcp_listener::bind(address("[::]:0"), {.v6only = only});
      const std::string port = std::to_string(listener.value().local_address().value().port());
      const std::error_code error = co_await connects(address("127.0.0.1:" + port));
      EXPECT_EQ(error,
                only ? std::make_error_code(std::errc::connection_refused) : std::error_code{});
      if (only) continue;
      const auto accepted = co_await listener.value().accept();
      EXPECT_THAT(accepted.value().peer_address().value().to_string(),
                  HasSubstr("[::ffff:127.0.0.1]:"));
    }
  });
}

TEST(tcp, an_address_in_use_is_named) {
  const tcp_listener listener = tcp_listener::bind(address("127.0.0.1:0")).value();
  const socket_address at = listener.local_address().value();
  const std::size_t before = open_fds();
  EXPECT_EQ(error_of(tcp_listener::bind(at)), std::errc::address_in_use);
  EXPECT_EQ(open_fds(), before);
  try {
    (void)or_throw(tcp_listener::bind(at));
    ADD_FAILURE() << "nothing was thrown";
  } catch (const std::system_error& e) {
    EXPECT_THAT(e.what(), HasSubstr("cannot listen on '" + at.to_string() + "' (another socket"));
  }
}

TEST(tcp, reuse_port_shares_an_address) {
  const listen_options shared{.reuse_port = true};
  const tcp_listener first = tcp_listener::bind(address("127.0.0.1:0"), shared).value();
  const auto second = tcp_listener::bind(first.local_address().value(), shared);
  EXPECT_EQ(error_of(second), std::error_code{});
}

TEST(tcp, names_of_unix_sockets_are_refused) {
  EXPECT_EQ(error_of(tcp_listener::bind(address("unix:@x"))),
            std::errc::address_family_not_supported);
  EXPECT_EQ(error_of(tcp_listener::bind({})), std::errc::address_family_not_supported);
  EXPECT_EQ(run([] { return connects(address("unix:@x")); }),
            std::errc::address_family_not_supported);
}

TEST(tcp, a_refused_connection_is_named_and_leaves_nothing) {
  const std::size_t before = open_fds();
  run([]() -> task<> {
    const silent_port nobody;
    const socket_address to = nobody.where();
    EXPECT_EQ(co_await connects(to), std::errc::connection_refused);
    std::string said;
    try {
      auto made = co_await tcp_stream::connect(to);
      (void)or_throw(std::move(made));
    } catch (const std::system_error& e) {
      said = e.what();
    }
    EXPECT_THAT(said, HasSubstr("cannot connect to '" + to.to_string() + "' (nobody listens"));
  });
  EXPECT_EQ(open_fds(), before);
}

TEST(tcp, a_connection_may_choose_where_it_comes_from) {
  run([]() -> task<> {
    const auto listener = test::connections<tcp_stream>::listener();
    const socket_address to = listener.local_address().value();
    const auto client = co_await tcp_stream::connect(to, {.from = address("127.0.0.7:0")});
    const auto accepted = co_await listener.accept();
    EXPECT_THAT(accepted.value().peer_address().value().to_string(), HasSubstr("127.0.0.7:"));
    EXPECT_EQ(co_await connects(to, {.from = address("192.0.2.1:0")}),
              std::errc::address_not_available);
  });
}

TEST(tcp, options_are_set_in_their_order_up_to_one_that_is_refused) {
  run([]() -> task<> {
    const auto ends = co_await connect_both<tcp_stream>();
    EXPECT_EQ(option_of(ends.here, IPPROTO_TCP, TCP_NODELAY), 0);
    EXPECT_TRUE(ends.here.set(socket_option::no_delay(true), socket_option::keep_alive(true),
                              socket_option::keep_alive_idle(std::chrono::minutes(1)),
                              socket_option::user_timeout(std::chrono::seconds(3))));
    EXPECT_EQ(option_of(ends.here, IPPROTO_TCP, TCP_NODELAY), 1);
    EXPECT_EQ(option_of(ends.here, SOL_SOCKET, SO_KEEPALIVE), 1);
    EXPECT_EQ(option_of(ends.here, IPPROTO_TCP, TCP_KEEPIDLE), 60);
    EXPECT_EQ(option_of(ends.here, IPPROTO_TCP, TCP_USER_TIMEOUT), 3000);
    const result<> refused =
        ends.here.set(socket_option::keep_alive(false), socket_option::raw(IPPROTO_TCP, 9999, 1),
                      socket_option::no_delay(false));
    EXPECT_EQ(error_of(refused), std::errc::no_protocol_option);
    EXPECT_EQ(option_of(ends.here, SOL_SOCKET, SO_KEEPALIVE), 0);
    EXPECT_EQ(option_of(ends.here, IPPROTO_TCP, TCP_NODELAY), 1);
  });
}

TEST(tcp, no_delay_may_be_asked_for_at_once) {
  run([]() -> task<> {
    const auto listener = test::connections<tcp_stream>::listener();
    const auto client =
        co_await tcp_stream::connect(listener.local_address().value(), {.no_delay = true});
    EXPECT_EQ(option_of(client.value(), IPPROTO_TCP, TCP_NODELAY), 1);
  });
}

TEST(tcp, a_descriptor_of_somebody_else_is_adopted_when_it_fits) {
  run([]() -> task<> {
    const auto ends = co_await connect_both<tcp_stream>();
    const auto listener = test::connections<tcp_stream>::listener();
    const auto local = test::connections<unix_stream>::listener();
    const auto file = co_await file::open("/etc/hostname");
    const auto stream = tcp_stream::adopt(::dup(ends.here.fd()));
    const auto listens = tcp_listener::adopt(::dup(listener.fd()));
    EXPECT_TRUE(stream);
    EXPECT_TRUE(listens);
    EXPECT_EQ(listens.value().local_address().value(), listener.local_address().value());
    const auto sent = co_await stream.value().write_all(chars_of("hello"));
    EXPECT_TRUE(sent.res);
    EXPECT_EQ(co_await read_text(ends.there), "hello");

    EXPECT_EQ(error_of(tcp_stream::adopt(listener.fd())), std::errc::wrong_protocol_type);
    EXPECT_EQ(error_of(tcp_listener::adopt(ends.here.fd())), std::errc::wrong_protocol_type);
    EXPECT_EQ(error_of(tcp_listener::adopt(local.fd())), std::errc::wrong_protocol_type);
    EXPECT_EQ(error_of(unix_listener::adopt(listener.fd())), std::errc::wrong_protocol_type);
    EXPECT_EQ(error_of(tcp_listener::adopt(file.value().fd())), std::errc::not_a_socket);
    EXPECT_EQ(error_of(tcp_listener::adopt(-1)), std::errc::bad_file_descriptor);
  });
}

TEST(tcp, an_accept_says_when_its_socket_does_not_listen_any_more) {
  run([]() -> task<> {
    const auto listener = test::connections<tcp_stream>::listener();
    auto accepting = spawn([](tcp_listener at) -> task<std::error_code> {
      const auto r = co_await at.accept();
      co_return error_of(r);
    }(listener));
    co_await yield();
    ::shutdown(listener.fd(), SHUT_RDWR);
    EXPECT_EQ(co_await std::move(accepting), std::errc::invalid_argument);
  });
}

}  // namespace
}  // namespace carousel
