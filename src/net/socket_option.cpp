#include "carousel/net/socket_option.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>

namespace carousel {
namespace {

template <class Duration>
int clipped(Duration time) noexcept {
  constexpr std::int64_t longest = std::numeric_limits<int>::max();
  return static_cast<int>(std::clamp<std::int64_t>(time.count(), 0, longest));
}

}  // namespace

socket_option socket_option::raw(int level, int name, int value) noexcept {
  return {level, name, value, 0, 1};
}

socket_option socket_option::no_delay(bool on) noexcept {
  return raw(IPPROTO_TCP, TCP_NODELAY, on ? 1 : 0);
}

socket_option socket_option::cork(bool on) noexcept {
  return raw(IPPROTO_TCP, TCP_CORK, on ? 1 : 0);
}

socket_option socket_option::keep_alive(bool on) noexcept {
  return raw(SOL_SOCKET, SO_KEEPALIVE, on ? 1 : 0);
}

socket_option socket_option::keep_alive_idle(std::chrono::seconds idle) noexcept {
  return raw(IPPROTO_TCP, TCP_KEEPIDLE, clipped(idle));
}

socket_option socket_option::keep_alive_interval(std::chrono::seconds pause) noexcept {
  return raw(IPPROTO_TCP, TCP_KEEPINTVL, clipped(pause));
}

socket_option socket_option::keep_alive_probes(int count) noexcept {
  return raw(IPPROTO_TCP, TCP_KEEPCNT, count);
}

socket_option socket_option::user_timeout(std::chrono::milliseconds time) noexcept {
  return raw(IPPROTO_TCP, TCP_USER_TIMEOUT, clipped(time));
}

socket_option socket_option::receive_buffer(int bytes) noexcept {
  return raw(SOL_SOCKET, SO_RCVBUF, bytes);
}

socket_option socket_option::send_buffer(int bytes) noexcept {
  return raw(SOL_SOCKET, SO_SNDBUF, bytes);
}

socket_option socket_option::reset_on_close() noexcept {
  static_assert(sizeof(linger) == 2 * sizeof(int));
  return {SOL_SOCKET, SO_LINGER, 1, 0, 2};
}

result<> detail::option_setter::set(int fd, const socket_option& option) noexcept {
  const std::array<int, 2> value = {option.first_, option.second_};
  const auto bytes = static_cast<socklen_t>(sizeof(int)) * static_cast<socklen_t>(option.ints_);
  if (::setsockopt(fd, option.level_, option.name_, value.data(), bytes) == 0) return {};
  return std::unexpected(kernel_error(-errno));
}

}  // namespace carousel
