#include "carousel/detail/io/close_call.hpp"

#include <unistd.h>

#include <cstdio>

#include "driver/ring_driver.hpp"

namespace carousel::detail {

close_call::closing::~closing() {
  if (file && begun) file->closer = nullptr;
  if (fd >= 0) ::close(fd);
}

failure_code close_call::check(const driver& io) const noexcept {
  if (held.begun) return 0;  // it has stood in line since
  return held.file ? held.file->refusal(io.files()) : failure(std::errc::bad_file_descriptor);
}

bool close_call::must_wait(operation_base& self) noexcept {
  held.file->note_closed();
  held.begun = true;
  if (held.file->started == 0) return false;
  held.file->closer = &self;
  self.kind = wait_kind::file_close;
  // A socket's may wait for ever, and hold the connection open for its peer.
  if (others == others_in_flight::are_stopped)
    ring_driver::of(self.io()).request_stop_of_users(*held.file.get(), this_context().ready);
  return true;
}

bool close_call::stop_waiting(const operation_base& self) noexcept {
  if (held.file->closer != &self) return false;
  held.file->closer = nullptr;
  return true;
}

void close_call::encode(driver&, slot&, request& r) noexcept {
  descriptor& file = *held.file.get();
  r.code = opcode::close;
  if (file.fd < 0 && file.table != nullptr) {
    held.entry = file_table::take_out(file);
    r.fd = 0;
    r.file_index = held.entry.file_index();
    return;
  }
  if (file.table != nullptr) file.table->remove(file);
  r.fd = held.fd = std::exchange(file.fd, -1);
}

result<> close_call::complete(std::int32_t res, closing& lent, slot& s) noexcept {
  unclaimed::discard(s.state == slot_state::withdrawn ? -ECANCELED : res, lent);
  if (res < 0) return std::unexpected(note_failure(kernel_error(res), opcode::close, nullptr));
  return {};
}

void close_call::lends::describe(const closing& lost, std::FILE* out) {
  if (lost.fd >= 0) std::fprintf(out, " on descriptor %d", lost.fd);
}

/// A ring with restrictions that exclude closing cannot be told from a file system's own EACCES:
/// the number is left alone then, as closing it twice may hit another.
void close_call::unclaimed::discard(std::int32_t res, closing& lent) noexcept {
  if (never_ran(res)) return;
  lent.fd = -1;
  lent.entry.note_closed();
}

}  // namespace carousel::detail
