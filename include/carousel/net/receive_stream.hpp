#pragma once

#include "carousel/buf/buf_group.hpp"
#include "carousel/buf/fixed_buf.hpp"
#include "carousel/detail/net/receive_record.hpp"

namespace carousel {

/// What comes through a connection, in leases of a group: receive() of a stream socket. A
/// connection that waits has no buffer; when there is something to read it gets the next one of its
/// group, and where all are in use it waits for one in the group's line, which is no error.
///
///   receive_stream in = connection.receive(group);
///   for (;;) {
///     auto lease = co_await in.next();
///     if (!lease) break;
///     auto [res, back] = co_await connection.write_all(std::move(*lease));
///     ...
///   }
///
/// Give leases back soon: other connections wait for them. A stream takes a buffer and reads only
/// while somebody waits in next(), so that a connection which nobody serves takes none from the
/// others. What came in the moment in which a verb stopped the next() is the result of the
/// following one, and has its buffer until then. Destroying it, at any time, gives back what nobody
/// has taken, and those bytes are lost.
///
/// A value is the one handle of its stream. It holds the socket open and the group alive, and
/// outlives its runtime, with what came while that ended. Reading the socket otherwise at the same
/// time divides the bytes by chance. Not thread-safe.
class receive_stream {
 public:
  /// What next() returns; awaited once.
  using next_operation = detail::next_item<detail::received_leases>;

  /// Made by receive() of a stream socket.
  receive_stream(detail::file_operation socket, const buf_group& from)
      : stream_(detail::receive_record::make(std::move(socket), detail::group_access::of(from))) {}

  /// Awaited: result<fixed_buf>, whose size() is the number of bytes, at least one. It is a lease
  /// as any other of the pool. Several tasks that wait are served in turn.
  ///
  /// Errors: errc::end_of_file, from now on: the peer has ended its writing and all of it was read,
  /// or the socket was closed. errc::canceled, by a verb, or because the stream was destroyed
  /// meanwhile. connection_reset and its kin, with every next() after the connection broke.
  /// pool_closed; stale_buffer (every buffer of this capacity is quarantined).
  [[nodiscard]] next_operation next() const noexcept { return stream_.next(); }

 private:
  detail::stream_handle<detail::received_leases> stream_;
};

}  // namespace carousel
