#include "carousel/detail/fs/open_call.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <unistd.h>

#include <cstring>

namespace carousel::detail {

open_base::open_base(path_operation where, path_text path, const open_options& options)
    : path_operation(std::move(where)),
      held{path_block(path.text()), {}},
      mode(options.mode_bits()),
      resolve(options.resolve_flags()),
      ring_only(options.is_ring_only()),
      inline_io(options.is_inline_io()) {
  if (const result<int> wanted = options.flags()) {
    flags = static_cast<std::uint32_t>(*wanted);
  } else {
    refused = failure(std::errc::invalid_argument);
  }
}

failure_code open_base::check(const driver& io) const noexcept {
  if (resolve != 0 && !io.supports(opcode::openat2)) return failure(errc::not_supported);
  return refused != 0 ? refused : check_path(io, held.path);
}

void open_base::encode(driver& io, slot& s, request& r) {
  // Only a descriptor tells which alignment O_DIRECT asks for.
  if (ring_only && (flags & O_DIRECT) == 0) held.entry = io.reserve_entry();
  std::uint32_t how_flags = flags;
  if (held.entry) {
    r.file_index = held.entry.file_index();
    how_flags &= ~std::uint32_t{O_CLOEXEC};  // which the kernel refuses there
  }
  r.fd = base();
  r.address = held.path.first();
  if (resolve == 0) {
    r.code = opcode::openat;
    r.length = mode;
    r.op_flags = how_flags;
    return;
  }
  const bool creates = (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) != 0;
  const open_how how{.flags = how_flags, .mode = creates ? mode : 0U, .resolve = resolve};
  std::byte* const side = io.side_block(s, sizeof how);
  std::memcpy(side, &how, sizeof how);
  r.code = opcode::openat2;
  r.length = sizeof how;
  r.offset = reinterpret_cast<std::uintptr_t>(side);
}

result<fd_ref> open_base::opened(std::int32_t res, opening& lent) const {
  if (res < 0) return std::unexpected(failed(kernel_error(res), opcode::openat, lent.path));
  if (lent.entry) return std::move(lent.entry).adopt();
  fd_ref made = fd_ref::own(res);
  if ((flags & O_DIRECT) != 0) {
    made->learn_way();
  } else {
    made->attempts.allow();
    if (inline_io) made->attempts.allow_writes();
  }
  return made;
}

void open_base::unclaimed::discard(std::int32_t res, opening& lent) noexcept {
  if (res < 0) return;
  if (lent.entry) {
    lent.entry.note_opened();
  } else {
    ::close(res);
  }
}

}  // namespace carousel::detail
