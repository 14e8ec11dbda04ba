#include "carousel/net/socket_handle.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace carousel {
namespace {

/// The descriptor for a call that needs one. Errors: not_supported of one that is in the ring only,
/// bad_file_descriptor.
result<int> descriptor_of(const detail::fd_ref& socket) noexcept {
  if (socket && socket->state == detail::file_state::ring_only)
    return std::unexpected(make_error_code(errc::not_supported));
  return socket ? socket->fd : -1;
}

/// What getsockname(2) or getpeername(2) says.
result<socket_address> address_by(int (*call)(int, sockaddr*, socklen_t*),
                                  result<int> of) noexcept {
  if (!of) return std::unexpected(of.error());
  alignas(sockaddr_storage) std::array<std::byte, socket_address::bytes_max> room{};
  auto* const raw = reinterpret_cast<sockaddr*>(room.data());
  socklen_t bytes = room.size();
  if (call(*of, raw, &bytes) != 0) return std::unexpected(detail::kernel_error(-errno));
  return socket_address::from(raw, bytes);
}

}  // namespace

result<socket_address> socket_handle::local_address() const noexcept {
  return address_by([](int fd, sockaddr* to, socklen_t* n) { return ::getsockname(fd, to, n); },
                    descriptor_of(socket_));
}

result<socket_address> socket_handle::peer_address() const noexcept {
  return address_by([](int fd, sockaddr* to, socklen_t* n) { return ::getpeername(fd, to, n); },
                    descriptor_of(socket_));
}

result<> socket_handle::set_all(std::initializer_list<socket_option> options) const noexcept {
  const result<int> fd = descriptor_of(socket_);
  if (!fd) return std::unexpected(fd.error());
  for (const socket_option& option : options) {
    const result<> done = detail::option_setter::set(*fd, option);
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
