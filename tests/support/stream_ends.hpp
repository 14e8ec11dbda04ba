#pragma once

#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace carousel::test {

/// Both ends of a connection.
template <class Stream>
struct stream_ends {
  Stream here;
  Stream there;
};

/// How a test makes connections of a kind.
template <class Stream>
struct connections;

template <>
struct connections<tcp_stream> {
  using listener_type = tcp_listener;
  static tcp_listener listener(listen_options options = {}) {
    return tcp_listener::bind(socket_address::parse("127.0.0.1:0").value(), options).value();
  }
};

template <>
struct connections<unix_stream> {
  using listener_type = unix_listener;
  static unix_listener listener(listen_options options = {}) {
    return unix_listener::bind(socket_address::parse("unix:").value(), options).value();
  }
};

template <class Stream>
task<result<Stream>> connect_to(const typename connections<Stream>::listener_type& listener) {
  return Stream::connect(listener.local_address().value());
}

/// A new connection of two ends.
template <class Stream>
task<stream_ends<Stream>> connect_both() {
  const auto listener = connections<Stream>::listener();
  auto here = spawn(connect_to<Stream>(listener));
  auto there = co_await listener.accept();
  auto connected = co_await std::move(here);
  co_return {std::move(connected).value(), std::move(there).value()};
}

/// Closes this end so that the peer gets a reset.
template <class Stream>
task<> reset(Stream end) {
  EXPECT_TRUE(end.set(socket_option::reset_on_close()));
  const result<> closed = co_await std::move(end).close();
  EXPECT_TRUE(closed);
}

[[nodiscard]] inline std::vector<char> pattern(std::size_t bytes) {
  std::vector<char> made(bytes);
  std::uint32_t x = 1;
  for (char& c : made) {
    x = x * 1664525U + 1013904223U;
    c = static_cast<char>(x >> 24U);
  }
  return made;
}

/// Reads to the end.
template <class Stream>
task<result<std::vector<char>>> read_all(Stream from) {
  std::vector<char> all;
  std::vector<char> buf(65536);
  for (;;) {
    auto r = co_await from.read(std::move(buf));
    buf = std::move(r.buf);
    if (!r.res) co_return std::unexpected(r.res.error());
    if (*r.res == 0) co_return all;
    all.insert(all.end(), buf.begin(), buf.begin() + static_cast<std::ptrdiff_t>(*r.res));
  }
}

/// The next bytes, as text.
template <class Stream>
task<result<std::string>> read_text(const Stream& from, std::size_t bytes_max = 64) {
  auto r = co_await from.read(std::vector<char>(bytes_max));
  if (!r.res) co_return std::unexpected(r.res.error());
  co_return std::string(r.buf.data(), *r.res);
}

}  // namespace carousel::test
