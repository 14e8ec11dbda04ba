#include "carousel/detail/driver/descriptor.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/state_assert.hpp"
#include "carousel/detail/driver/operation.hpp"
#include "driver/ring_driver.hpp"

namespace carousel::detail {

void descriptor::learn_way() noexcept {
  struct statx about{};
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return;
  if ((flags & O_DIRECT) == 0) return attempts.allow();
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &about) != 0) return;
  if ((about.stx_mask & STATX_DIOALIGN) == 0) return;
  memory_align = about.stx_dio_mem_align;
  offset_align = about.stx_dio_offset_align;
}

void descriptor::note_closed() noexcept {
  state = file_state::closed;
  while (waiters != nullptr) waiters->tell_closed();
}

void descriptor::start_closer() noexcept {
  if (started != 0) return;
  operation_base& op = *std::exchange(closer, nullptr);
  if (!op.linked()) return;  // its runtime has ended
  op.unlink();
  ring_driver& io = ring_driver::of(op.io());
  io.wait_to_start(op);
  io.ask_for_turn();
}

fd_ref fd_ref::own(int fd) {
  try {
    return fd_ref(new descriptor(fd));
  } catch (...) {
    ::close(fd);
    throw;
  }
}

void descriptor::destroy(descriptor* d) noexcept {
  CAROUSEL_ASSERT_STATE(d->started == 0 && d->closer == nullptr,
                        "file %d was closed while operations use it: %u%s", d->fd, d->started,
                        d->closer != nullptr ? ", and a close() waits" : "");
  if (d->table != nullptr) d->table->remove(*d);
  if (d->fd >= 0) ::close(d->fd);
  delete d;
}

}  // namespace carousel::detail
