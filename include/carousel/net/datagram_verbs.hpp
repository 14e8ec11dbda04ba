#pragma once

#include <utility>
#include <vector>

#include "carousel/detail/net/connect_call.hpp"
#include "carousel/detail/net/datagram_transfer.hpp"

namespace carousel {

// What the verbs of datagram sockets return, for whoever keeps one or passes it on. Of several
// buffers B is their vector; Told is what a receive tells beside the buffer.

template <class B>
using send_datagram_operation = detail::operation<detail::send_datagram<B>>;
template <class B, class Told = datagram>
using receive_datagram_operation = detail::operation<detail::receive_datagram<B, Told>>;
using connect_operation = detail::operation<detail::connect_call>;

/// How all datagram sockets are used: one operation is one datagram.
///
/// Each operation gives its buffer back with the result; on an error the buffer's size is what it
/// was, but for message_size of a receive. Operations may overlap: each datagram goes to one of
/// those that wait. Destroying the coroutine that waits for one cancels it, and loses the datagram
/// that it had got by then; under a verb (timeout, stop_on) none is lost.
///
/// Errors of all: errc::canceled; bad_file_descriptor; connection_refused, of a socket that is
/// connected to an address where nobody is.
template <class Socket>
class datagram_verbs {
 public:
  /// Sends the size() bytes of the buffer, none as well: buf_result<std::size_t, B>. Errors:
  /// message_size where they are too many for one datagram, network_unreachable, and of a Unix
  /// socket no_such_file_or_directory, connection_refused.
  template <io_buf B>
  send_datagram_operation<B> send_to(B buf, const socket_address& to) const {
    return sending(std::move(buf), to);
  }
  /// The same to the peer of connect(). Error: destination_address_required, not_connected without
  /// one.
  template <io_buf B>
  send_datagram_operation<B> send(B buf) const {
    return sending(std::move(buf), {});
  }
  /// One datagram of several buffers in turn, 1,024 of them at most; to the peer of connect(), or
  /// to an address: buf_result<std::size_t, std::vector<B>>.
  template <io_buf B>
  send_datagram_operation<std::vector<B>> sendmsg(std::vector<B> bufs,
                                                  const socket_address& to = {}) const {
    return sending(std::move(bufs), to);
  }

  /// Receives a datagram: buf_result<datagram, B>, which tells who has sent it and whether the
  /// buffer was too small.
  template <io_buf_mut B>
  receive_datagram_operation<B> recv_from(B buf) const {
    return receiving<datagram>(std::move(buf));
  }
  /// The same without a word of the sender: buf_result<std::size_t, B>. Error: message_size when
  /// the buffer was too small; it is full then, and the rest is lost.
  template <io_buf_mut B>
  receive_datagram_operation<B, std::size_t> recv(B buf) const {
    return receiving<std::size_t>(std::move(buf));
  }
  /// recv_from() into several buffers in turn, 1,024 of them at most; each one's size becomes what
  /// it received: buf_result<datagram, std::vector<B>>.
  template <io_buf_mut B>
  receive_datagram_operation<std::vector<B>> recvmsg(std::vector<B> bufs) const {
    return receiving<datagram>(std::move(bufs));
  }

  /// Awaited: result<>. From now on send() goes there, and only what comes from there is received.
  [[nodiscard]] connect_operation connect(const socket_address& to) const {
    return detail::operation(detail::connect_call{held(), to, {}});
  }

 private:
  friend Socket;
  datagram_verbs() = default;

  [[nodiscard]] detail::file_operation held() const noexcept {
    return static_cast<const Socket&>(*this).hold();
  }
  template <class R>
  send_datagram_operation<R> sending(R buf, const socket_address& to) const {
    return detail::operation(detail::send_datagram<R>{{held(), std::move(buf)}, to});
  }
  template <class Told, class R>
  receive_datagram_operation<R, Told> receiving(R buf) const {
    return detail::operation(detail::receive_datagram<R, Told>{{held(), std::move(buf)}});
  }
};

}  // namespace carousel
