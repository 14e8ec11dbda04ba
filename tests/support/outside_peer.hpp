#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <cerrno>
#include <cstddef>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace carousel::test {

/// A peer outside of the runtime, which says who it is.
class outside_peer {
 public:
  template <class Listener>
  explicit outside_peer(const Listener& at, const std::string& name = "x") {
    const socket_address to = at.local_address().value();
    fd_ = ::socket(to.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::connect(fd_, to.data(), to.size()), 0);
    EXPECT_EQ(::send(fd_, name.data(), name.size(), MSG_NOSIGNAL), std::ssize(name));
  }
  outside_peer(outside_peer&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  outside_peer& operator=(outside_peer&&) = delete;
  ~outside_peer() {
    if (fd_ >= 0) ::close(fd_);
  }
  /// The other end is gone.
  [[nodiscard]] bool is_closed() const {
    char none = 0;
    return ::recv(fd_, &none, 1, MSG_DONTWAIT) == 0 || errno == ECONNRESET;
  }

 private:
  int fd_;
};

/// What such a peer has said first.
template <class Stream>
task<std::string> name_of(Stream peer) {
  auto [n, buf] = co_await peer.read(std::vector<std::byte>(16));
  co_return n ? std::string(reinterpret_cast<const char*>(buf.data()), *n) : n.error().message();
}

}  // namespace carousel::test
