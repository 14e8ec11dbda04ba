#pragma once

#include <utility>

#include "carousel/detail/driver/descriptor.hpp"
#include "carousel/fs/file.hpp"
#include "carousel/net/socket_handle.hpp"

namespace carousel {

/// An open descriptor of any kind, as it is sent to another process or received from one. A value
/// is a handle: copies are the same descriptor, also those of the file or socket that it was made
/// of, and the last one closes it. Not thread-safe.
class fd_handle {
 public:
  // NOLINTBEGIN(google-explicit-constructor): an open file is one
  fd_handle(const file& of) noexcept : held_(of.hold().file) {}
  fd_handle(const socket_handle& of) noexcept : held_(of.hold().file) {}
  // NOLINTEND(google-explicit-constructor)
  /// Takes ownership of an open descriptor. Throws std::bad_alloc, with the descriptor closed.
  [[nodiscard]] static fd_handle from_fd(int fd) { return fd_handle(detail::fd_ref::own(fd)); }

  /// The descriptor, still owned by the handle; -1 where there is none, as of a file that is
  /// ring_only.
  [[nodiscard]] int fd() const noexcept { return held_ ? held_->fd : -1; }
  /// For operations of one's own (carousel/ext/operation.hpp): keeps the descriptor open, checks
  /// it, and names it in the request.
  [[nodiscard]] detail::file_operation hold() const noexcept { return {held_}; }
  /// The descriptor, which is the caller's from now on: file::from_fd(std::move(one).release()).
  /// Where others have the same one it is a duplicate, and -1 when there is none to be had.
  [[nodiscard]] int release() && noexcept;

 private:
  explicit fd_handle(detail::fd_ref adopted) noexcept : held_(std::move(adopted)) {}

  detail::fd_ref held_;
};

}  // namespace carousel
