#include "carousel/detail/net/receive_record.hpp"

#include <sys/socket.h>

#include <cstddef>
#include <memory>
#include <utility>

#include "carousel/detail/buf/fixed_access.hpp"
#include "carousel/detail/buf/group_wait.hpp"
#include "carousel/detail/driver/stream_pump.hpp"
#include "carousel/detail/io/until_readable.hpp"
#include "carousel/detail/net/stream_transfer.hpp"

namespace carousel::detail {
namespace {

/// Receives what is there, and does not wait: a buffer that waited with it would be missing
/// elsewhere.
struct receive_now : stream_transfer<direction::read, buffer_kind::any, fixed_buf> {
  void encode(driver& io, slot& s, request& r) const noexcept {
    stream_transfer::encode(io, s, r);
    r.op_flags |= MSG_DONTWAIT;
  }
};

[[nodiscard]] shot_end failed(std::error_code error, const fd_ref& socket) noexcept {
  return {.error = error, .over = socket->state == file_state::closed};
}

/// What a receive means for the stream. Its buffer becomes an item, or goes home.
[[nodiscard]] shot_end end_of(buf_result<std::size_t, fixed_buf> received, const fd_ref& socket) {
  const result<std::size_t>& n = received.res;
  if (n && *n != 0) return {.item = fixed_access::leave(std::move(received.buf))};
  if (n) return {.over = true};
  if (n.error() == std::errc::resource_unavailable_try_again) return {};
  return failed(n.error(), socket);
}

/// Takes a buffer when something is there, and only while somebody asks: the buffers of a
/// connection that nobody reads are free for the others. A buffer that was filled may not have been
/// all, so that the next one is tried at once.
stream_pump receive_in_turn(receive_record& of, file_operation socket) {
  bool more = false;
  for (;;) {
    while (!of.may_begin() || !of.is_asked()) co_await std::suspend_always{};
    shot_end how;
    try {
      if (!std::exchange(more, false)) {
        operation<file_call> readable = until_readable(socket);
        of.begins(readable.seen_by_driver());
        const result<> ready = co_await readable;
        of.begins_nothing();
        if (!ready) how = failed(ready.error(), socket.file);
      }
      if (!how.error && !how.over) {
        group_wait turn(of.group());
        of.waits(turn.seen_by_runtime());
        result<fixed_buf> lease = co_await turn;
        of.begins_nothing();
        if (lease) {
          const std::size_t room = lease->capacity();
          operation<receive_now> receive(receive_now{{socket, std::move(*lease), from_here()}});
          of.begins(receive.seen_by_driver());
          auto received = co_await receive;
          more = received.res == room;
          how = end_of(std::move(received), socket.file);
        } else {
          how.error = lease.error();
        }
      }
    } catch (const std::bad_alloc&) {
      how.error = std::make_error_code(std::errc::not_enough_memory);
    }
    of.ended(how);
  }
}

}  // namespace

receive_record::receive_record(fd_ref socket, group_ref group)
    : stream_record({.room = 1, .high = 2, .low = 0}),
      socket_(std::move(socket)),
      group_(std::move(group)) {}

receive_record* receive_record::make(file_operation socket, group_ref group) {
  std::unique_ptr<receive_record, void (*)(receive_record*)> made(
      new receive_record(socket.file, std::move(group)),
      [](receive_record* failed) { failed->end(); });
  made->set_pump(receive_in_turn(*made, std::move(socket)).frame);
  return made.release();
}

fixed_buf receive_record::lease_of(std::int32_t item) const noexcept {
  return fixed_access::adopt(group().pool().entry_at(static_cast<std::size_t>(item)));
}

void receive_record::discard(std::int32_t item) noexcept { (void)lease_of(item); }

}  // namespace carousel::detail
