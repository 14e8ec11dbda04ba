#pragma once

#include "carousel/detail/driver/descriptor.hpp"
#include "carousel/net/listen_options.hpp"
#include "carousel/net/socket_address.hpp"

namespace carousel::detail {

/// A new socket, closed on exec. Throws std::bad_alloc.
[[nodiscard]] result<fd_ref> open_socket(int family, int type);
/// One that listens. Its errors are noted with the address. Throws std::bad_alloc.
[[nodiscard]] result<fd_ref> open_listener(const socket_address& at, const listen_options& options);
/// One that connects from this address, if it is one. Throws std::bad_alloc.
[[nodiscard]] result<fd_ref> open_client(const socket_address& to, const socket_address& from);

/// Whether a descriptor of the program is what it is taken for.
struct socket_kind {
  int type;      ///< SOCK_STREAM
  bool is_unix;  ///< AF_UNIX, else an internet family
  bool listens;
};
/// Errors: bad_file_descriptor, not_a_socket, wrong_protocol_type.
[[nodiscard]] result<> check_kind(int fd, const socket_kind& expected) noexcept;

}  // namespace carousel::detail
