#pragma once

#include "carousel/detail/net/poll_record.hpp"
#include "carousel/net/fd_handle.hpp"
#include "carousel/net/poll_events.hpp"
#include "carousel/result.hpp"

namespace carousel {

/// Tells each time that a descriptor becomes ready for something: for one that another library
/// reads and writes, or that has no operations here.
///
/// What it tells are edges, and several that come before next() takes them are one event with the
/// bits of all of them. After an event do what it says until it would block: of ten connections
/// that wait at a listener, or a thousand bytes in a socket, it says nothing again before more
/// come. An event may also find nothing to do any more. A regular file is always ready. Events
/// begin with the state at the first next().
///
/// A value is the one handle of its stream, which may be destroyed at any time. It holds the
/// descriptor open as a handle of that does, and outlives its runtime. Not thread-safe.
class poll_stream {
 public:
  /// What next() returns; awaited once.
  using next_operation = detail::next_item<detail::polled_events>;

  /// On a file, a socket, or a descriptor that fd_handle::from_fd() owns. Throws std::bad_alloc.
  poll_stream(const fd_handle& of, poll_events wanted)
      : stream_(detail::poll_record::make(of.hold(), wanted)) {}
  /// On one that is somebody else's, who may close it at any time: the stream has a duplicate,
  /// which keeps a connection open until it is destroyed. Errors: bad_file_descriptor,
  /// too_many_files_open. Throws std::bad_alloc.
  [[nodiscard]] static result<poll_stream> on_foreign(int fd, poll_events wanted);

  /// Awaited: result<poll_events>. Errors: errc::end_of_file, from now on: the file or the socket
  /// was closed. errc::canceled, by a verb, which loses no event, or because the stream was
  /// destroyed meanwhile. operation_not_permitted, and what else the kernel says, each told once.
  [[nodiscard]] next_operation next() const noexcept { return stream_.next(); }

 private:
  detail::stream_handle<detail::polled_events> stream_;
};

}  // namespace carousel
