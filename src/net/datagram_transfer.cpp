#include "carousel/detail/net/datagram_transfer.hpp"

#include <cstring>

namespace carousel::detail {

void datagram_header::begin(const socket_address& to) noexcept {
  message = {};
  if (to.family() == AF_UNSPEC) return;
  std::memcpy(name, to.data(), to.size());
  message.msg_name = name;
  message.msg_namelen = to.size();
}

void datagram_header::begin() noexcept {
  message = {};
  message.msg_name = name;
  message.msg_namelen = sizeof name;
}

socket_address datagram_header::from() const noexcept {
  return socket_address::from(reinterpret_cast<const sockaddr*>(name), message.msg_namelen)
      .value_or(socket_address());
}

}  // namespace carousel::detail
