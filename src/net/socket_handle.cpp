#include "carousel/net/socket_handle.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace carousel {
namespace {

/// What getsockname(2) or getpeername(2) says.
result<socket_address> address_by(int (*call)(int, sockaddr*, socklen_t*), int fd) noexcept {
  alignas(sockaddr_storage) std::array<std::byte, socket_address::bytes_max> room{};
  auto* const raw = reinterpret_cast<sockaddr*>(room.data());
  socklen_t bytes = room.size();
  if (call(fd, raw, &bytes) != 0) return std::unexpected(detail::kernel_error(-errno));
  return socket_address::from(raw, bytes);
}

}  // namespace

result<socket_address> socket_handle::local_address() const noexcept {
  return address_by([](int fd, sockaddr* to, socklen_t* n) { return ::getsockname(fd, to, n); },
                    fd());
}

result<socket_address> socket_handle::peer_address() const noexcept {
  return address_by([](int fd, sockaddr* to, socklen_t* n) { return ::getpeername(fd, to, n); },
                    fd());
}

result<> socket_handle::set_all(std::initializer_list<socket_option> options) const noexcept {
  for (const socket_option& option : options) {
    const result<> done = detail::option_setter::set(fd(), option);
    if (!done) return done;
  }
  return {};
}

close_operation socket_handle::close() && {
  using call = detail::close_call;
  return detail::operation<call>(std::in_place_type<call>, call::closing(release()),
                                 detail::others_in_flight::are_stopped);
}

}  // namespace carousel
