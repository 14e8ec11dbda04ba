#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "carousel/detail/buf/lent_memory.hpp"
#include "carousel/detail/driver/failure_note.hpp"
#include "carousel/detail/driver/operation.hpp"
#include "carousel/detail/io/pieces.hpp"
#include "carousel/detail/net/message.hpp"
#include "carousel/net/datagram.hpp"

namespace carousel::detail {

/// A message's header as it lies in a side block, followed by its iovecs.
struct datagram_header {
  msghdr message;
  alignas(8) std::byte name[socket_address::bytes_max];

  [[nodiscard]] iovec* pieces() noexcept { return reinterpret_cast<iovec*>(this + 1); }
  [[nodiscard]] static std::size_t bytes_with(std::size_t pieces) noexcept {
    return sizeof(datagram_header) + pieces * sizeof(iovec);
  }
  /// Empty, with this address, if it is one.
  void begin(const socket_address& to) noexcept;
  /// Empty, with room for an address.
  void begin() noexcept;
  /// The address that the kernel has put there.
  [[nodiscard]] socket_address from() const noexcept;
};

/// Buffers of a datagram: one, or several in turn.
template <class R>
struct datagram_operation : file_operation {
  using resources = R;
  using lends = lent_memory<R>;
  using unclaimed = ext::result_owns_nothing;
  R held;

  [[nodiscard]] failure_code check(const driver& io) const noexcept { return check_file(io); }

 protected:
  template <direction D>
  void describe(datagram_header& header) const noexcept {
    header.message.msg_iov = header.pieces();
    header.message.msg_iovlen = write_iovecs<D>(header.pieces(), held, 0);
  }
  [[nodiscard]] datagram_header& header(driver& io, slot& s) const {
    return *reinterpret_cast<datagram_header*>(
        io.side_block(s, datagram_header::bytes_with(pieces_of(held))));
  }
};

/// Sends one datagram, to the address or to the connected peer.
template <class R>
struct send_datagram : datagram_operation<R> {
  socket_address to;

  using output = buf_result<std::size_t, R>;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_a_file;
  using links = ext::links_on_success;  // a datagram is sent as a whole

  void encode(driver& io, slot& s, request& r) const {
    datagram_header& with = this->header(io, s);
    with.begin(to);
    this->template describe<direction::write>(with);
    request_message(r, opcode::sendmsg, with.message, MSG_NOSIGNAL);
    this->name_file(io, r);
  }
  output complete(std::int32_t res, R& lent, slot&) const noexcept {
    if (res < 0) return fail(kernel_error(res), std::move(lent));
    return {static_cast<std::size_t>(res), std::move(lent)};
  }
  output fail(std::error_code error, R&& back) const noexcept {
    return {std::unexpected(note_failure(error, opcode::sendmsg, this->file.get())),
            std::move(back)};
  }
};

/// What a receive of a datagram gives: its description, or its size alone.
template <class R, class Told>
struct receive_datagram : datagram_operation<R> {
  using output = buf_result<Told, R>;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_a_file;

  void encode(driver& io, slot& s, request& r) const {
    datagram_header& with = this->header(io, s);
    with.begin();
    this->template describe<direction::read>(with);
    request_message(r, opcode::recvmsg, with.message, MSG_NOSIGNAL | MSG_TRUNC);
    this->name_file(io, r);
  }
  output complete(std::int32_t res, R& lent, slot& s) const noexcept {
    if (res < 0) return fail(kernel_error(res), std::move(lent));
    const auto length = static_cast<std::size_t>(res);
    const std::size_t bytes = std::min(length, bytes_of<direction::read>(lent));
    spread_fill(lent, bytes);
    if constexpr (std::same_as<Told, datagram>) {
      const auto& with = *reinterpret_cast<const datagram_header*>(s.side);
      return {datagram{.bytes = bytes, .length = length, .from = with.from()}, std::move(lent)};
    } else {
      if (length > bytes) return fail(make_error_code(std::errc::message_size), std::move(lent));
      return {bytes, std::move(lent)};
    }
  }
  output fail(std::error_code error, R&& back) const noexcept {
    return {std::unexpected(note_failure(error, opcode::recvmsg, this->file.get())),
            std::move(back)};
  }
};

}  // namespace carousel::detail
