#include "carousel/detail/net/stream_transfer.hpp"

#include <poll.h>

#include <cerrno>

namespace carousel::detail {
namespace {

/// Errors after which there is no connection any more. EPIPE only says that nothing can be written,
/// which shutdown() and a peer that has read enough may mean as well.
bool ends_connection(std::int32_t res) noexcept {
  switch (-res) {
    case ECONNRESET:
    case ECONNABORTED:
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH: return true;
    default: return false;
  }
}

/// Both directions are over.
bool has_hung_up(const descriptor& socket) noexcept {
  pollfd one{.fd = socket.fd, .events = 0, .revents = 0};
  return ::poll(&one, 1, 0) > 0 && (one.revents & POLLHUP) != 0;
}

}  // namespace

void note_break(direction way, descriptor& socket, std::size_t asked, std::int32_t res) noexcept {
  std::int16_t& lost = socket.connection_error;
  if (lost != 0) return;
  if (ends_connection(res)) lost = static_cast<std::int16_t>(res);
  // A send that waits for all and has sent some keeps to itself what ended it: a reset or a stop.
  const bool cut_short =
      way == direction::write && res >= 0 && static_cast<std::size_t>(res) < asked;
  if (cut_short && has_hung_up(socket)) lost = -ECONNRESET;
}

void note_cut(descriptor& socket) noexcept {
  if (socket.state == file_state::ring_only && socket.connection_error == 0)
    socket.connection_error = -ECONNRESET;
}

result<std::size_t> unusual_end(direction way, const fd_ref& socket, std::int32_t res,
                                std::size_t asked) noexcept {
  note_break(way, *socket.get(), asked, res);
  const bool reads = way == direction::read;
  const bool stopped = current_context != nullptr && current_context->stopped();
  if (!reads && res >= 0 && static_cast<std::size_t>(res) < asked && !stopped)
    note_cut(*socket.get());
  std::int16_t& lost = socket->connection_error;
  if (res >= 0 && !reads) {
    if (asked != 0 && static_cast<std::size_t>(res) == asked) lost = 0;
    return static_cast<std::size_t>(res);
  }
  const bool looks_ended = (res == 0 && asked != 0) || res == -EPIPE;
  if (looks_ended && lost != 0) res = lost;
  if (res >= 0) return static_cast<std::size_t>(res);
  return std::unexpected(
      note_failure(kernel_error(res), reads ? opcode::recv : opcode::send, socket.get()));
}

}  // namespace carousel::detail
