#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <array>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace carousel::test {

/// A connection whose other end is outside of the runtime.
struct half_outside {
  half_outside() {
    std::array<int, 2> both{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both.data()), 0);
    here.emplace(unix_stream::from_fd(both[0]));
    there = both[1];
  }
  half_outside(const half_outside&) = delete;
  half_outside& operator=(const half_outside&) = delete;
  ~half_outside() { end(); }
  void say(std::string_view text) const {
    EXPECT_EQ(::send(there, text.data(), text.size(), MSG_NOSIGNAL), std::ssize(text));
  }
  void end() {
    if (there >= 0) ::close(std::exchange(there, -1));
  }

  std::optional<unix_stream> here;
  int there = -1;

  /// What it receives into.
  static constexpr std::size_t buffer_bytes = 64;
  static fixed_buf_pool pool_of(std::size_t count) {
    return fixed_buf_pool::make({{.capacity = buffer_bytes, .count = count}}).value();
  }
};

[[nodiscard]] inline std::string text_of(const fixed_buf& lease) {
  return {reinterpret_cast<const char*>(lease.bytes().data()), lease.size()};
}

}  // namespace carousel::test
