#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "carousel/detail/net/splice_call.hpp"
#include "carousel/net/fd_handle.hpp"

namespace carousel {

/// What splice_bytes() and tee_bytes() return, awaited once: result<std::size_t>.
using splice_operation = detail::operation<detail::splice_call>;

/// Where a splice begins in a file, in bytes; without a value at the current position, as in pipes
/// and sockets, which have no other.
struct splice_offsets {
  std::optional<std::uint64_t> from = {};
  std::optional<std::uint64_t> to = {};
};

/// splice(2): moves up to `bytes` from a file, a socket or a pipe to another one, at least one of
/// which is a pipe, without a copy of the program's own: a file goes to a socket by way of a pipe.
/// The kernel moves pages where it can. `pipe2` and file::from_fd() make the ends of a pipe.
///
/// Fewer bytes are normal: what is there, or what the pipe has room for (64 KiB, F_SETPIPE_SZ); 0
/// is the end, and what comes of 0 `bytes`, which looks at neither end. It waits for the first
/// byte, and for room for it. While it does a thread of the kernel waits, as with every splice in
/// io_uring: for many connections at once reads and writes are the better way. Where one of them is
/// a pipe of O_NONBLOCK it does not wait for that, and fails instead.
///
/// A request to stop ends the waiting; bytes that had moved are the result. Both are kept open
/// until it has ended: close() of either waits for it, and close() of a socket that it moves bytes
/// out of stops it. In linked() a short one breaks the chain.
///
/// Errors: invalid_argument, no pipe among them, or both ends of one, or `to` was opened to append;
/// invalid_seek, an offset in what has none; broken_pipe, nobody reads, without SIGPIPE;
/// resource_unavailable_try_again, a pipe of O_NONBLOCK that has nothing, or no room;
/// bad_file_descriptor.
splice_operation splice_bytes(const fd_handle& from, const fd_handle& to, std::size_t bytes,
                              splice_offsets at = {}) noexcept;

/// tee(2): copies up to `bytes` from a pipe to another one, and leaves them in the first. Both must
/// be pipes, else invalid_argument; what else holds is as for splice_bytes().
splice_operation tee_bytes(const fd_handle& from, const fd_handle& to, std::size_t bytes) noexcept;

}  // namespace carousel
