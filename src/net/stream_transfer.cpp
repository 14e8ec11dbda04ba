#include "carousel/detail/net/stream_transfer.hpp"

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

}  // namespace

result<std::size_t> unusual_end(direction way, const fd_ref& socket, std::int32_t res,
                                std::size_t asked) noexcept {
  const bool reads = way == direction::read;
  const bool stopped = socket->state == file_state::closed || this_context().stopped();
  std::int32_t& lost = socket->connection_error;
  if (res >= 0 && !reads) {
    const auto sent = static_cast<std::size_t>(res);
    if (sent == asked) {
      if (asked != 0) lost = 0;
    } else if (!stopped && lost == 0) {
      // A send that waits for all and has sent some keeps to itself what ended it.
      lost = -ECONNRESET;
    }
    return static_cast<std::size_t>(res);
  }
  if (ends_connection(res)) {
    if (lost == 0) lost = res;
  } else if (lost != 0 && ((res == 0 && asked != 0) || res == -EPIPE)) {
    res = lost;
  }
  if (res >= 0) return static_cast<std::size_t>(res);
  return std::unexpected(
      note_failure(kernel_error(res), reads ? opcode::recv : opcode::send, socket.get()));
}

}  // namespace carousel::detail
