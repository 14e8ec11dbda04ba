#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>
#include <vector>

#include "carousel/detail/driver/operation.hpp"

namespace carousel::test {

/// Where a multishot accept puts the connections of its earlier completions.
struct accepted {
  std::vector<int>* connections = nullptr;
};

/// accept(2) as an operation: an example of one that brings descriptors, once or many times.
struct accept_call : detail::file_operation {
  bool multishot = false;

  using resources = accepted;
  using output = result<int>;
  using lends = ext::lends_nothing;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_a_file;
  struct unclaimed {
    static void discard(std::int32_t res, accepted&) noexcept {
      if (res >= 0) ::close(res);
    }
  };
  resources held;

  [[nodiscard]] detail::failure_code check(const detail::driver& io) const noexcept {
    return check_file(io);
  }
  void encode(detail::driver& io, detail::slot&, detail::request& r) const noexcept {
    r.code = detail::opcode::accept;
    r.ioprio = multishot ? 1 : 0;  // IORING_ACCEPT_MULTISHOT
    r.op_flags = SOCK_CLOEXEC;
    name_file(io, r);
  }
  static output complete(std::int32_t res, accepted&, detail::slot&) noexcept {
    if (res < 0) return std::unexpected(detail::kernel_error(res));
    return res;
  }
  static output fail(std::error_code error, accepted&&) noexcept { return std::unexpected(error); }
};

/// The same, and it keeps what an announced completion brings.
struct accept_many_call : accept_call {
  using completions = ext::many_completions;
  void item(std::int32_t res, std::uint32_t) const noexcept { held.connections->push_back(res); }
};

inline detail::operation<accept_call> accept_one(const detail::fd_ref& listener) {
  return detail::operation<accept_call>(std::in_place_type<accept_call>,
                                        detail::file_operation{listener}, false, accepted{});
}

/// A TCP socket that listens on the loopback interface.
class loopback_listener {
 public:
  loopback_listener() : fd_(checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof address_;
    checked(::bind(fd_, as_sockaddr(), bytes), "bind");
    checked(::listen(fd_, 4096), "listen");
    checked(::getsockname(fd_, as_sockaddr(), &bytes), "getsockname");
  }
  loopback_listener(const loopback_listener&) = delete;
  loopback_listener& operator=(const loopback_listener&) = delete;
  ~loopback_listener() { ::close(fd_); }

  /// The listening socket as operations name it.
  [[nodiscard]] detail::fd_ref ref() const {
    return detail::fd_ref(new detail::descriptor(checked(::dup(fd_), "dup")));
  }
  /// A new connection to it: the client's end.
  [[nodiscard]] int connect() const {
    const int client = checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    checked(::connect(client, as_sockaddr(), sizeof address_), "connect");
    return client;
  }
  [[nodiscard]] int accept() const { return checked(::accept(fd_, nullptr, nullptr), "accept"); }

 private:
  static int checked(int result, const char* what) {
    if (result < 0) throw std::system_error(errno, std::generic_category(), what);
    return result;
  }
  sockaddr* as_sockaddr() noexcept { return reinterpret_cast<sockaddr*>(&address_); }
  const sockaddr* as_sockaddr() const noexcept {
    return reinterpret_cast<const sockaddr*>(&address_);
  }

  int fd_;
  sockaddr_in address_{};
};

}  // namespace carousel::test
