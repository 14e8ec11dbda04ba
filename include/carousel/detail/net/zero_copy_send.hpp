#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <system_error>
#include <utility>

#include "carousel/detail/net/stream_transfer.hpp"
#include "carousel/net/sent_zc.hpp"
#include "carousel/task.hpp"

namespace carousel::detail {

inline constexpr std::uint16_t send_fixed_buf = 4;        // IORING_RECVSEND_FIXED_BUF
inline constexpr std::uint16_t send_zc_report_usage = 8;  // IORING_SEND_ZC_REPORT_USAGE

/// A send from the memory itself, or from a copy where it must be. An answer that is the only one
/// says that the kernel has kept nothing.
template <io_buf B>
struct zero_copy_send : file_operation {
  using traits = buf_traits<B>;

  using completions = ext::result_before_release;
  using resources = zero_copy_ref<B>;
  using output = sent_zc<B>;
  using lends = lent_zero_copy<B>;
  using begins = ext::begins_at_once;
  /// The last answer. It also tells whether the bytes were copied.
  struct unclaimed {
    static void discard(std::int32_t res, zero_copy_ref<B>& lent) noexcept {
      constexpr std::int32_t usage_copied = INT32_MIN;  // IORING_NOTIF_USAGE_ZC_COPIED
      lent->release(res == usage_copied ? sent_from::copy : sent_from::memory);
    }
  };
  using holds = ext::holds_a_connection;
  resources held;
  sent_from from;

  [[nodiscard]] failure_code check(const driver& io) const noexcept { return check_file(io); }
  void encode(driver& io, slot&, request& r) const noexcept {
    const std::size_t bytes = asked();
    if (bytes == 0) return;
    const std::byte* const data = traits::data(std::as_const(held->buf));
    encode_stream<direction::write>(r, data, bytes);
    if (from == sent_from::memory && !file->copies_sends && io.supports(opcode::send_zc) &&
        io.keeps_every_completion()) {
      r.code = opcode::send_zc;
      r.ioprio = send_zc_report_usage;
      if constexpr (fixed_io_buf<B>) name_buffer(io, data, r);
    }
    name_file(io, r);
  }

  output complete_early(std::int32_t res, zero_copy_ref<B>& lent) const noexcept {
    const result<std::size_t> sent = stream_result(direction::write, file, res, all_of(lent));
    return {sent, zc_rest<B>(std::move(lent))};
  }
  output complete(std::int32_t res, zero_copy_ref<B>& lent, slot&) const noexcept {
    lent->release(sent_from::copy);
    return complete_early(res, lent);
  }
  output fail(std::error_code error, zero_copy_ref<B>&& back) const noexcept {
    back->release(sent_from::copy);
    return {std::unexpected(note_failure(error, opcode::send, file.get())),
            zc_rest<B>(std::move(back))};
  }

  [[nodiscard]] std::size_t asked() const noexcept { return all_of(held); }
  static void break_seen(descriptor& socket, std::size_t asked, std::int32_t res) noexcept {
    note_break(direction::write, socket, asked, res);
  }

 private:
  [[nodiscard]] static std::size_t all_of(const zero_copy_ref<B>& lent) noexcept {
    return std::min(bytes_of<direction::write>(lent->buf), transfer_bytes_max);
  }
  void name_buffer(driver& io, const std::byte* data, request& r) const noexcept {
    const fixed_buf& lease = fixed_access::lease(held->buf);
    const buffer_registration& registered = fixed_access::registration(lease);
    if (!registered.is_with(io) || !registered.in_kernel()) return;
    r.ioprio |= send_fixed_buf;
    r.address = registered.address_of(data);
    r.buf_index = registered.index_of(lease.index());
  }
};

template <io_buf B>
operation<zero_copy_send<B>> one_zero_copy_send(const fd_ref& socket, zero_copy_ref<B> buf,
                                                sent_from from) noexcept {
  return operation<zero_copy_send<B>>(std::in_place_type<zero_copy_send<B>>, file_operation{socket},
                                      std::move(buf), from);
}

/// Sends a copy where the socket refuses to do without (Unix sockets do), and where there is no
/// memory to lock (RLIMIT_MEMLOCK).
template <io_buf B>
task<sent_zc<B>> send_zero_copy(fd_ref socket, B buf) {
  auto ref = zero_copy_ref<B>::make(std::move(buf));
  sent_zc<B> sent = co_await one_zero_copy_send<B>(socket, std::move(ref), sent_from::memory);
  if (sent.res) co_return sent;
  const bool never = sent.res.error() == std::errc::operation_not_supported;
  if (!never && sent.res.error() != std::errc::not_enough_memory) co_return sent;
  socket->copies_sends = socket->copies_sends || never;
  zc_returned<B> back = co_await std::move(sent.rest);
  ref = zero_copy_ref<B>::make(std::move(back.buf));
  co_return co_await one_zero_copy_send<B>(socket, std::move(ref), sent_from::copy);
}

}  // namespace carousel::detail
