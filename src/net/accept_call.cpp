#include "carousel/detail/net/accept_call.hpp"

#include <sys/socket.h>
#include <unistd.h>

namespace carousel::detail {

void encode_accept(driver& io, const file_operation& listener, request& r) noexcept {
  r.code = opcode::accept;
  r.op_flags = SOCK_CLOEXEC;
  listener.name_file(io, r);
}

/// The entry is ours before the kernel accepts: where it finds none by itself it has accepted by
/// then, and the connection is lost.
void accept_base::encode(driver& io, slot&, request& r) noexcept {
  encode_accept(io, *this, r);
  if (ring_only) held.entry = io.reserve_entry();
  if (!held.entry) return;
  r.file_index = held.entry.file_index();
  r.op_flags = 0;  // the kernel refuses SOCK_CLOEXEC there
}

result<fd_ref> accepted(std::int32_t res, const fd_ref& listener) {
  if (res < 0)
    return std::unexpected(note_failure(kernel_error(res), opcode::accept, listener.get()));
  return fd_ref::own(res);
}

result<fd_ref> accepted(std::int32_t res, accept_base::accepting& lent, const fd_ref& listener) {
  if (res >= 0 && lent.entry) return std::move(lent.entry).adopt();
  return accepted(res, listener);
}

void accept_base::unclaimed::discard(std::int32_t res, accepting& lent) noexcept {
  if (res < 0) return;
  if (lent.entry) {
    lent.entry.note_opened();
  } else {
    ::close(res);
  }
}

}  // namespace carousel::detail
