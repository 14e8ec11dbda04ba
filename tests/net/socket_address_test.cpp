#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <carousel/net/socket_address.hpp>

#include <array>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <random>
#include <string>
#include <string_view>

#include "support/run.hpp"
#include "support/temp_dir.hpp"

namespace carousel {
namespace {

using test::error_of;
using testing::HasSubstr;

socket_address parsed(std::string_view text) { return socket_address::parse(text).value(); }

std::string refusal_of(std::string_view text) {
  const result<socket_address> r = socket_address::parse(text);
  EXPECT_EQ(error_of(r), std::errc::invalid_argument) << text;
  return r ? std::string("was taken") : r.error().message();
}

template <class Raw>
socket_address from_raw(const Raw& raw, std::size_t bytes = sizeof(Raw)) {
  return socket_address::from(reinterpret_cast<const sockaddr*>(&raw),
                              static_cast<socklen_t>(bytes))
      .value();
}

/// What the kernel says that a new Unix socket with this name is called.
struct bound_name {
  explicit bound_name(const socket_address& name) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bound = ::bind(fd, name.data(), name.size()) == 0;
    std::array<char, socket_address::bytes_max> room{};
    said = room.size();
    ::getsockname(fd, reinterpret_cast<sockaddr*>(room.data()), &said);
    name_again = socket_address::from(reinterpret_cast<const sockaddr*>(room.data()), said).value();
    ::close(fd);
  }
  bool bound = false;
  socklen_t said = 0;
  socket_address name_again;
};

TEST(socket_address, of_ipv4_is_read_and_printed) {
  const socket_address a = parsed("127.0.0.1:80");
  EXPECT_EQ(a.family(), AF_INET);
  EXPECT_EQ(a.port(), 80);
  EXPECT_EQ(a.size(), sizeof(sockaddr_in));
  EXPECT_EQ(a.to_string(), "127.0.0.1:80");
  EXPECT_EQ(a.path(), "");
}

TEST(socket_address, of_ipv6_is_read_and_printed) {
  EXPECT_EQ(parsed("[::1]:65535").family(), AF_INET6);
  EXPECT_EQ(parsed("[::1]:65535").port(), 65535);
  EXPECT_EQ(parsed("[0:0:0:0:0:0:0:1]:0").to_string(), "[::1]:0");
  EXPECT_EQ(parsed("[::ffff:1.2.3.4]:5").to_string(), "[::ffff:1.2.3.4]:5");
}

TEST(socket_address, a_scope_is_a_number_or_the_name_of_an_interface) {
  const std::string lo = std::to_string(if_nametoindex("lo"));
  EXPECT_EQ(parsed("[::1%lo]:80").to_string(), "[::1%" + lo + "]:80");
  EXPECT_EQ(parsed("[::1%lo]:80"), parsed("[::1%" + lo + "]:80"));
  EXPECT_NE(parsed("[::1%lo]:80"), parsed("[::1]:80"));
  EXPECT_EQ(parsed("[fe80::1%4294967295]:80").to_string(), "[fe80::1%4294967295]:80");
}

TEST(socket_address, of_a_unix_socket_is_a_path_or_an_abstract_name_or_none) {
  EXPECT_EQ(parsed("unix:/run/a").family(), AF_UNIX);
  EXPECT_EQ(parsed("unix:/run/a").path(), "/run/a");
  EXPECT_EQ(parsed("unix:/run/a").port(), 0);
  EXPECT_EQ(parsed("unix:@a").path(), "");
  EXPECT_EQ(parsed("unix:@a").size(), 2U + 2U);
  EXPECT_EQ(parsed("unix:@").size(), 2U + 1U);
  EXPECT_EQ(parsed("unix:").size(), 2U);
  EXPECT_NE(parsed("unix:"), parsed("unix:@"));
  EXPECT_EQ(parsed("unix:a b").to_string(), "unix:a b");
  EXPECT_EQ(socket_address().family(), AF_UNSPEC);
  EXPECT_EQ(socket_address().to_string(), "");
}

TEST(socket_address, a_path_that_begins_with_an_at_sign_is_no_abstract_name) {
  sockaddr_un raw{};
  raw.sun_family = AF_UNIX;
  std::strcpy(raw.sun_path, "@file");
  const socket_address path = from_raw(raw);
  EXPECT_EQ(path.to_string(), "unix:./@file");
  EXPECT_EQ(parsed("unix:./@file"), path);
  EXPECT_NE(parsed("unix:@file"), path);
}

TEST(socket_address, odd_texts_are_refused_with_a_sentence) {
  for (const char* text : {"", "80", "localhost", "[::1]", "[::1", "[::1]80"})
    EXPECT_THAT(refusal_of(text), HasSubstr("is written")) << text;
  for (const char* text : {"127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:+1", "127.0.0.1:-1",
                           "127.0.0.1: 80", "127.0.0.1:80 ", "127.0.0.1:0x50", "127.0.0.1:080",
                           "[::1]:", "[::1]:99999", "localhost:http"})
    EXPECT_THAT(refusal_of(text), HasSubstr("port")) << text;
  for (const char* text : {":80", "localhost:80", "127.1:80", "127.0.0.01:80", "127.0.0.256:80",
                           " 127.0.0.1:80", "127.0.0.1.:80", "0x7f000001:80"})
    EXPECT_THAT(refusal_of(text), HasSubstr("IPv4")) << text;
  for (const char* text : {"::1:80", "fe80::1:80"})
    EXPECT_THAT(refusal_of(text), HasSubstr("brackets")) << text;
  for (const char* text : {"[]:80", "[127.0.0.1]:80", "[::g]:80", "[:::]:80", "[::1/64]:80"})
    EXPECT_THAT(refusal_of(text), HasSubstr("IPv6")) << text;
  for (const char* text : {"[::1%]:80", "[::1%0]:80", "[::1%01]:80", "[::1%4294967296]:80",
                           "[::1%no such interface]:80", "[::1%nosuchif]:80"})
    EXPECT_THAT(refusal_of(text), HasSubstr("scope")) << text;
  EXPECT_THAT(refusal_of(std::string("127.0.0.1\0x:80", 14)), HasSubstr("IPv4"));
  EXPECT_THAT(refusal_of(std::string("[::1\0x]:80", 10)), HasSubstr("IPv6"));
  EXPECT_THAT(refusal_of(std::string("[::1%lo\0]:80", 12)), HasSubstr("scope"));
  EXPECT_THAT(refusal_of(std::string("unix:/a\0b", 9)), HasSubstr("NUL"));
}

TEST(socket_address, names_of_unix_sockets_have_a_limit) {
  EXPECT_EQ(parsed("unix:/" + std::string(107, 'x')).size(), sizeof(sockaddr_un));
  EXPECT_THAT(refusal_of("unix:/" + std::string(108, 'x')), HasSubstr("108 bytes"));
  EXPECT_EQ(parsed("unix:@" + std::string(107, 'x')).size(), sizeof(sockaddr_un));
  EXPECT_THAT(refusal_of("unix:@" + std::string(108, 'x')), HasSubstr("107 bytes"));
}

TEST(socket_address, of_another_family_or_cut_short_is_refused) {
  sockaddr_in6 raw{};
  const auto from = [&](sa_family_t family, socklen_t bytes) {
    raw.sin6_family = family;
    return error_of(socket_address::from(reinterpret_cast<const sockaddr*>(&raw), bytes));
  };
  EXPECT_EQ(from(AF_NETLINK, 12), std::errc::address_family_not_supported);
  EXPECT_EQ(from(AF_UNSPEC, 2), std::errc::address_family_not_supported);
  EXPECT_EQ(from(AF_INET, 15), std::errc::invalid_argument);
  EXPECT_EQ(from(AF_INET6, 27), std::errc::invalid_argument);
  EXPECT_EQ(from(AF_INET, 0), std::errc::invalid_argument);
  EXPECT_EQ(from(AF_INET, 16), std::error_code{});
}

TEST(socket_address, what_does_not_name_the_place_makes_no_difference) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(80);
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  v4.sin_zero[0] = 1;
  EXPECT_EQ(from_raw(v4), parsed("127.0.0.1:80"));
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(80);
  v6.sin6_addr = in6addr_loopback;
  v6.sin6_flowinfo = 7;
  EXPECT_EQ(from_raw(v6), parsed("[::1]:80"));
  sockaddr_un path{};
  path.sun_family = AF_UNIX;
  std::strcpy(path.sun_path, "/a");
  path.sun_path[5] = 'x';
  for (const std::size_t bytes : {4U, 5U, 30U, 110U})
    EXPECT_EQ(from_raw(path, bytes), parsed("unix:/a")) << bytes;
}

TEST(socket_address, the_kernel_says_names_by_their_length) {
  const test::temp_dir dir;
  const std::string longest =
      dir.path().string() + "/" + std::string(107 - dir.path().string().size(), 'x');
  ASSERT_EQ(longest.size(), 108U);
  const bound_name path(parsed("unix:" + longest));
  EXPECT_TRUE(path.bound);
  EXPECT_EQ(path.said, 111U);  // one byte more than there are
  EXPECT_EQ(path.name_again, parsed("unix:" + longest));

  const std::string bytes("carousel\0\xff", 10);
  const bound_name abstract(parsed("unix:@" + bytes + std::to_string(::getpid())));
  EXPECT_TRUE(abstract.bound);
  EXPECT_EQ(abstract.name_again, parsed("unix:@" + bytes + std::to_string(::getpid())));

  const bound_name chosen(parsed("unix:"));  // by the kernel
  EXPECT_TRUE(chosen.bound);
  EXPECT_EQ(chosen.said, 2U + 1U + 5U);

  const int unnamed = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un raw{};
  std::memset(&raw, 'x', sizeof raw);
  socklen_t said = sizeof raw;
  ::getsockname(unnamed, reinterpret_cast<sockaddr*>(&raw), &said);
  ::close(unnamed);
  EXPECT_EQ(said, 2U);
  EXPECT_EQ(from_raw(raw, said).to_string(), "unix:");
}

/// Any address that there can be.
class any_address {
 public:
  explicit any_address(std::uint32_t seed) : random_(seed) {}

  socket_address next() {
    switch (below(4)) {
      case 0: {
        sockaddr_in raw{};
        raw.sin_family = AF_INET;
        raw.sin_port = static_cast<in_port_t>(random_());
        raw.sin_addr.s_addr = static_cast<in_addr_t>(random_());
        return from_raw(raw);
      }
      case 1: {
        sockaddr_in6 raw{};
        raw.sin6_family = AF_INET6;
        raw.sin6_port = static_cast<in_port_t>(random_());
        for (std::uint8_t& byte : raw.sin6_addr.s6_addr)
          byte = static_cast<std::uint8_t>(below(3) == 0 ? random_() : 0);
        if (below(2) == 0) raw.sin6_scope_id = static_cast<std::uint32_t>(random_());
        return from_raw(raw);
      }
      default: return unix_address();
    }
  }

 private:
  std::size_t below(std::size_t n) { return random_() % n; }
  socket_address unix_address() {
    sockaddr_un raw{};
    raw.sun_family = AF_UNIX;
    const std::size_t bytes = below(sizeof raw.sun_path + 1);
    constexpr std::string_view likely = "./@:%]unix";
    for (std::size_t i = 0; i < bytes; ++i)
      raw.sun_path[i] = below(2) == 0 ? likely[below(likely.size())] : static_cast<char>(random_());
    return from_raw(raw, 2 + bytes);
  }

  std::mt19937 random_;
};

TEST(socket_address, every_one_is_read_back_as_it_was_printed) {
  for (std::uint32_t seed = 0; seed < 20'000; ++seed) {
    const socket_address a = any_address(seed).next();
    const result<socket_address> b = socket_address::parse(a.to_string());
    ASSERT_TRUE(b) << seed << ' ' << a.to_string() << ": " << b.error().message();
    ASSERT_EQ(*b, a) << seed << ' ' << a.to_string();
    ASSERT_EQ(b->size(), a.size()) << seed;
    ASSERT_EQ(a <=> *b, std::strong_ordering::equal) << seed;
  }
}

}  // namespace
}  // namespace carousel
