#pragma once

#include <cstddef>
#include <utility>

#include "carousel/detail/net/accept_record.hpp"

namespace carousel {

class tcp_listener;
class unix_listener;

/// What accept() of a listener returns. Awaited: result<Stream>.
template <class Stream>
using accept_operation = detail::operation<detail::accept_call<Stream>>;

/// The connections of a listener, which the kernel accepts without being asked for each:
/// tcp_listener::incoming(). Stream is tcp_stream or unix_stream.
///
/// It begins with the first next(), and goes on while nobody waits. When as many connections as it
/// keeps were not taken, accepting pauses until half of them are; the others wait in the backlog.
/// None that has arrived is lost to a verb that stops a next(). Destroying the stream, at any time,
/// ends accepting and closes those that nobody has taken: leave the loop for another one only when
/// that is meant.
///
///   accept_stream in = listener.incoming();
///   for (;;) {
///     auto connection = co_await in.next();
///     if (!connection) break;
///     ...
///   }
///
/// A value is the one handle of its stream. It holds the listener open as a handle of that does,
/// and outlives its runtime: what is accepted in the moment in which that ends is closed, and so is
/// what is ring_only (accept_options) and was not taken by then. Not thread-safe.
template <class Stream>
class accept_stream {
 public:
  /// What next() returns; awaited once.
  using next_operation = detail::next_item<detail::accepted_streams<Stream>>;

  /// Awaited: result<Stream>, the connection that has waited longest. Several tasks that wait are
  /// served in turn.
  ///
  /// Errors: errc::end_of_file, from now on: the listener was closed or shut down. errc::canceled,
  /// by a verb, or because the stream was destroyed meanwhile. too_many_files_open, and what else
  /// accept() of the listener says: such an error is told once, nothing is accepted until the next
  /// next(), and that tries again at once. Wait for a descriptor to be closed first, or for a
  /// while.
  [[nodiscard]] next_operation next() const& noexcept { return stream_.next(); }
  CAROUSEL_REFUSED(
      "a stream that ends with its first connection closes those that have come after it: give it "
      "a name, or accept() one")
  next_operation next() const&&;

 private:
  friend class tcp_listener;
  friend class unix_listener;
  using items = detail::accepted_streams<Stream>;
  accept_stream(detail::file_operation listener, std::size_t queue_max, accept_options options)
      : stream_(detail::accept_record::make(std::move(listener), queue_max, options)) {}

  detail::stream_handle<items> stream_;
};

}  // namespace carousel
