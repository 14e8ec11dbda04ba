#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include "carousel/detail/buf/lent_memory.hpp"
#include "carousel/detail/driver/failure_note.hpp"
#include "carousel/detail/driver/operation.hpp"
#include "carousel/detail/io/pieces.hpp"
#include "carousel/detail/net/message.hpp"
#include "carousel/detail/net/stream_transfer.hpp"
#include "carousel/net/fd_handle.hpp"

namespace carousel {

template <class Stream>
class stream_reading;

namespace detail {

/// The kernel's limit for one message (SCM_MAX_FD).
inline constexpr std::size_t fds_max = 253;

/// A message of one buffer with descriptors, as it lies in a side block, followed by its control
/// data.
struct fd_message {
  msghdr header;
  iovec piece;

  [[nodiscard]] static std::size_t bytes_with(std::size_t fds) noexcept {
    return sizeof(fd_message) + CMSG_SPACE(fds * sizeof(int));
  }
  void begin(void* data, std::size_t bytes, std::size_t fds) noexcept;
  void put(std::span<const fd_handle> fds) noexcept;
  /// What the kernel has put there. Throws std::bad_alloc, with all of them closed.
  [[nodiscard]] std::vector<fd_handle> take();
  void close_all() noexcept;
  /// There were more than there was room for, in the message or in the process.
  [[nodiscard]] bool truncated() const noexcept { return (header.msg_flags & MSG_CTRUNC) != 0; }
};

template <class Socket>
inline constexpr bool is_stream = std::is_base_of_v<stream_reading<Socket>, Socket>;

/// What went through a socket, which has a connection that may have broken if it is a stream.
template <class Socket>
[[nodiscard]] result<std::size_t> message_result(direction way, const fd_ref& socket,
                                                 std::int32_t res, std::size_t asked) noexcept {
  if constexpr (is_stream<Socket>) return stream_result(way, socket, res, asked);
  if (res >= 0) return static_cast<std::size_t>(res);
  const opcode code = way == direction::read ? opcode::recvmsg : opcode::sendmsg;
  return std::unexpected(note_failure(kernel_error(res), code, socket.get()));
}

/// Sends a buffer with descriptors, which are open until it has ended.
template <io_buf B, class Socket>
struct send_fds_call : file_operation {
  struct sending {
    B buf;
    std::vector<fd_handle> fds;
  };
  using resources = sending;
  using lends = lent_buf<sending>;
  using output = buf_result<std::size_t, B>;
  using unclaimed = ext::result_owns_nothing;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_a_connection;
  sending held;

  [[nodiscard]] failure_code check(const driver& io) const noexcept {
    if (const failure_code error = check_file(io)) return error;
    const bool right = bytes_of<direction::write>(held.buf) != 0 && held.fds.size() <= fds_max;
    if (!right) return failure(std::errc::invalid_argument);
    const bool open = std::ranges::none_of(held.fds, [](const auto& one) { return one.fd() < 0; });
    return open ? 0 : failure(std::errc::bad_file_descriptor);
  }
  void encode(driver& io, slot& s, request& r) const {
    auto& message =
        *reinterpret_cast<fd_message*>(io.side_block(s, fd_message::bytes_with(held.fds.size())));
    message.begin(const_cast<std::byte*>(buf_traits<B>::data(held.buf)),
                  bytes_of<direction::write>(held.buf), held.fds.size());
    message.put(held.fds);
    // Without MSG_WAITALL: some kernels would send the descriptors again with the rest.
    request_message(r, opcode::sendmsg, message.header, MSG_NOSIGNAL);
    name_file(io, r);
  }
  output complete(std::int32_t res, sending& lent, slot&) const noexcept {
    const auto asked = static_cast<std::size_t>(std::max(res, 0));  // nothing is cut short
    return {message_result<Socket>(direction::write, file, res, asked), std::move(lent.buf)};
  }
  output fail(std::error_code error, sending&& back) const noexcept {
    return {std::unexpected(note_failure(error, opcode::sendmsg, file.get())), std::move(back.buf)};
  }
  [[nodiscard]] static std::size_t asked() noexcept { return 0; }
  static void break_seen(descriptor& socket, std::size_t asked, std::int32_t res) noexcept {
    if constexpr (is_stream<Socket>) note_break(direction::write, socket, asked, res);
  }
};

/// Receives a buffer and descriptors. What nobody takes is closed.
template <io_buf_mut B, class Told, class Socket>
struct recv_fds_call : file_operation {
  struct receiving {
    B buf;
    fd_message* message;  ///< in the slot's side block, once it was submitted
  };
  struct unclaimed {
    static void discard(std::int32_t res, receiving& lent) noexcept {
      if (res >= 0) lent.message->close_all();
    }
  };
  using resources = receiving;
  using lends = lent_buf<receiving>;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using output = buf_result<Told, B>;
  using holds = ext::holds_a_connection;
  receiving held;
  std::size_t room;  ///< for so many descriptors

  [[nodiscard]] failure_code check(const driver& io) const noexcept {
    if (const failure_code error = check_file(io)) return error;
    return room <= fds_max ? 0 : failure(std::errc::invalid_argument);
  }
  void encode(driver& io, slot& s, request& r) {
    held.message = reinterpret_cast<fd_message*>(io.side_block(s, fd_message::bytes_with(room)));
    held.message->begin(buf_traits<B>::data(held.buf), bytes_of<direction::read>(held.buf), room);
    request_message(r, opcode::recvmsg, held.message->header,
                    std::uint32_t{MSG_NOSIGNAL} | MSG_CMSG_CLOEXEC);
    name_file(io, r);
  }
  output complete(std::int32_t res, receiving& lent, slot&) const {
    const result<std::size_t> came =
        message_result<Socket>(direction::read, file, res, asked_of(lent));
    if (!came) return {std::unexpected(came.error()), std::move(lent.buf)};
    buf_traits<B>::set_size(lent.buf, *came);
    if (lent.message->truncated()) {
      lent.message->close_all();
      return fail(make_error_code(std::errc::message_size), std::move(lent));
    }
    return {Told{.bytes = *came, .fds = lent.message->take()}, std::move(lent.buf)};
  }
  output fail(std::error_code error, receiving&& back) const noexcept {
    return {std::unexpected(note_failure(error, opcode::recvmsg, file.get())), std::move(back.buf)};
  }
  [[nodiscard]] std::size_t asked() const noexcept { return asked_of(held); }
  static void break_seen(descriptor& socket, std::size_t asked, std::int32_t res) noexcept {
    if constexpr (is_stream<Socket>) note_break(direction::read, socket, asked, res);
  }

 private:
  [[nodiscard]] static std::size_t asked_of(const receiving& into) noexcept {
    return bytes_of<direction::read>(into.buf);
  }
};

}  // namespace detail
}  // namespace carousel
