#include "carousel/detail/net/accept_call.hpp"

#include <sys/socket.h>
#include <unistd.h>

namespace carousel::detail {

void accept_base::encode(driver& io, slot&, request& r) const noexcept {
  r.code = opcode::accept;
  r.op_flags = SOCK_CLOEXEC;
  name_file(io, r);
}

result<fd_ref> accept_base::accepted(std::int32_t res, const fd_ref& listener) {
  if (res < 0)
    return std::unexpected(note_failure(kernel_error(res), opcode::accept, listener.get()));
  return fd_ref::own(res);
}

void accept_base::unclaimed::discard(std::int32_t res, nothing&) noexcept {
  if (res >= 0) ::close(res);
}

}  // namespace carousel::detail
