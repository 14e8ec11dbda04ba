#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "carousel/detail/buf/fixed_access.hpp"
#include "carousel/detail/buf/lent_memory.hpp"
#include "carousel/detail/driver/failure_note.hpp"
#include "carousel/detail/driver/operation.hpp"
#include "carousel/detail/io/pieces.hpp"
#include "carousel/detail/io/position.hpp"
#include "carousel/detail/net/message.hpp"

namespace carousel::detail {

/// Flags of every transfer of a stream. A send goes on until all is sent: without MSG_WAITALL it is
/// short whenever the socket's buffer is full. A receive must not: it would hide a reset behind the
/// bytes that came before.
template <direction D>
inline constexpr std::uint32_t stream_flags =
    D == direction::write ? std::uint32_t{MSG_NOSIGNAL} | MSG_WAITALL : std::uint32_t{MSG_NOSIGNAL};

/// A receive may be short, and starts what is linked to it all the same.
template <direction D>
using stream_links =
    std::conditional_t<D == direction::write, ext::links_when_whole, ext::links_nothing>;

/// The kernel hands the error that ends a connection out once, to whichever operation comes first;
/// it is noted in the descriptor, so that no other operation takes the end of a broken connection
/// for that of the data.
void note_break(direction way, descriptor& socket, std::size_t asked, std::int32_t res) noexcept;

/// A send has sent less than it was to, and nobody has stopped it. Where there is no descriptor to
/// ask whether the connection is there, that is the answer.
void note_cut(descriptor& socket) noexcept;

/// What a transfer has brought that did not go as usual.
[[nodiscard]] result<std::size_t> unusual_end(direction way, const fd_ref& socket, std::int32_t res,
                                              std::size_t asked) noexcept;

/// It has brought bytes, or sent all, and there is nothing else to be said.
[[nodiscard]] inline bool is_usual_end(direction way, const fd_ref& socket, std::int32_t res,
                                       std::size_t asked) noexcept {
  if (way == direction::read) return res > 0;
  return res >= 0 && static_cast<std::size_t>(res) == asked && socket->connection_error == 0;
}

[[nodiscard]] inline result<std::size_t> stream_result(direction way, const fd_ref& socket,
                                                       std::int32_t res,
                                                       std::size_t asked) noexcept {
  if (is_usual_end(way, socket, res, asked)) [[likely]]
    return static_cast<std::size_t>(res);
  return unusual_end(way, socket, res, asked);
}

/// The request of one piece of memory, but for the socket.
template <direction D>
void encode_stream(request& r, const std::byte* data, std::size_t bytes) noexcept {
  r.code = D == direction::read ? opcode::recv : opcode::send;
  r.address = reinterpret_cast<std::uintptr_t>(data);
  r.length = static_cast<std::uint32_t>(bytes);
  r.op_flags = stream_flags<D>;
}

/// A receive into, or a send from, one buffer. Of no bytes it is an operation that does nothing: a
/// receive would wait for some.
template <direction D, buffer_kind K, io_buf B>
struct stream_transfer : file_operation {
  using traits = buf_traits<B>;
  static constexpr direction way = D;

  using resources = B;
  using output = buf_result<std::size_t, B>;
  using lends = lent_memory<B>;
  using unclaimed = ext::result_owns_nothing;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_a_connection;
  using links = stream_links<D>;
  B held;
  part extent;

  [[nodiscard]] failure_code check(const driver& io) const noexcept {
    if (const failure_code error = check_file(io)) return error;
    if constexpr (K == buffer_kind::fixed)
      return fixed_access::check(fixed_access::lease(held), io);
    return 0;
  }
  void encode(driver& io, slot&, request& r) const noexcept {
    const std::size_t bytes = asked();
    if (bytes == 0) return;
    encode_stream<D>(r, traits::data(held) + extent.skip, bytes);
    name_file(io, r);
  }

  /// The usual result is made where it is wanted: to copy one that was written in parts just now
  /// stalls the processor until the parts are in the cache.
  output complete(std::int32_t res, B& lent, slot&) const noexcept {
    if (!is_usual(res)) [[unlikely]]
      return complete_unusual(res, lent);
    fill(lent, static_cast<std::size_t>(res));
    return {static_cast<std::size_t>(res), std::move(lent)};
  }
  output fail(std::error_code error, B&& back) const noexcept {
    return {std::unexpected(refused(error)), std::move(back)};
  }

  /// What the kernel's answer means; the buffer gets its size.
  [[nodiscard]] result<std::size_t> take(std::int32_t res, B& lent) const noexcept {
    const result<std::size_t> moved = stream_result(D, file, res, asked());
    if (moved) fill(lent, *moved);
    return moved;
  }
  [[nodiscard]] bool is_usual(std::int32_t res) const noexcept {
    return is_usual_end(D, file, res, asked());
  }
  /// So much has come.
  void fill(B& lent, std::size_t moved) const noexcept {
    if constexpr (D == direction::read) traits::set_size(lent, extent.skip + moved);
  }
  [[nodiscard]] std::size_t bytes_wanted() const noexcept {
    return bytes_of<D>(held) - extent.skip;
  }
  [[nodiscard]] std::size_t asked() const noexcept {
    return std::min(bytes_wanted(), transfer_bytes_max);
  }
  static void break_seen(descriptor& socket, std::size_t asked, std::int32_t res) noexcept {
    note_break(D, socket, asked, res);
  }
  /// An error that is not the kernel's answer.
  [[nodiscard]] std::error_code refused(std::error_code error) const noexcept {
    return note_failure(error, D == direction::read ? opcode::recv : opcode::send, file.get());
  }

 private:
  [[gnu::noinline]] output complete_unusual(std::int32_t res, B& lent) const noexcept {
    return {take(res, lent), std::move(lent)};
  }
};

/// The same with several buffers in turn, the first 1,024 that have something to do.
template <direction D, io_buf B>
struct stream_vector_transfer : file_operation {
  static constexpr direction way = D;

  using resources = std::vector<B>;
  using output = buf_result<std::size_t, std::vector<B>>;
  using lends = lent_memory<std::vector<B>>;
  using unclaimed = ext::result_owns_nothing;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_a_connection;
  using links = stream_links<D>;
  std::vector<B> held;
  part extent;
  std::size_t asked_bytes = 0;  ///< set by encode()

  [[nodiscard]] failure_code check(const driver& io) const noexcept { return check_file(io); }
  void encode(driver& io, slot& s, request& r) {
    auto& message = *reinterpret_cast<msghdr*>(
        io.side_block(s, sizeof(msghdr) + pieces_of(held) * sizeof(iovec)));
    message = {};
    message.msg_iov = reinterpret_cast<iovec*>(&message + 1);
    message.msg_iovlen = write_iovecs<D>(message.msg_iov, held, extent.skip);
    asked_bytes = 0;
    for (const iovec& piece : std::span(message.msg_iov, message.msg_iovlen))
      asked_bytes += piece.iov_len;
    asked_bytes = std::min(asked_bytes, transfer_bytes_max);
    if (asked_bytes == 0) return;
    request_message(r, D == direction::read ? opcode::recvmsg : opcode::sendmsg, message,
                    stream_flags<D>);
    name_file(io, r);
  }

  output complete(std::int32_t res, std::vector<B>& lent, slot&) const noexcept {
    if (!is_usual(res)) [[unlikely]]
      return {take(res, lent), std::move(lent)};
    fill(lent, static_cast<std::size_t>(res));
    return {static_cast<std::size_t>(res), std::move(lent)};
  }
  output fail(std::error_code error, std::vector<B>&& back) const noexcept {
    return {std::unexpected(refused(error)), std::move(back)};
  }

  [[nodiscard]] result<std::size_t> take(std::int32_t res, std::vector<B>& lent) const noexcept {
    const result<std::size_t> moved = stream_result(D, file, res, asked_bytes);
    if (moved) fill(lent, *moved);
    return moved;
  }
  [[nodiscard]] bool is_usual(std::int32_t res) const noexcept {
    return is_usual_end(D, file, res, asked_bytes);
  }
  void fill(std::vector<B>& lent, std::size_t moved) const noexcept {
    if constexpr (D == direction::read) spread_fill(lent, moved);
  }
  [[nodiscard]] std::size_t bytes_wanted() const noexcept {
    return bytes_behind<D>(held, extent.skip);
  }
  [[nodiscard]] std::size_t asked() const noexcept { return asked_bytes; }
  static void break_seen(descriptor& socket, std::size_t asked, std::int32_t res) noexcept {
    note_break(D, socket, asked, res);
  }
  /// An error that is not the kernel's answer.
  [[nodiscard]] std::error_code refused(std::error_code error) const noexcept {
    return note_failure(error, D == direction::read ? opcode::recvmsg : opcode::sendmsg,
                        file.get());
  }
};

}  // namespace carousel::detail
