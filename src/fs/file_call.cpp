#include "carousel/detail/fs/file_call.hpp"

namespace carousel::detail {

std::error_code path_operation::failed(std::error_code error, opcode what,
                                       const path_block& names) const noexcept {
  return note_failure(error, what, names.first_text(), names.second_text(), from_current);
}

failure_code path_call::check(const driver& io) const noexcept {
  if (!io.supports(req.code)) return failure(errc::not_supported);
  if (two_directories && (!held.there || held.there->state == file_state::closed))
    return failure(std::errc::bad_file_descriptor);
  return check_path(io, held.names);
}

void path_call::encode(const driver&, slot&, request& r) const noexcept {
  r = req;
  r.fd = base();
  r.address = held.names.first();
  if (two_paths) r.offset = held.names.second();
  if (two_directories) r.length = static_cast<std::uint32_t>(held.there->fd);
}

}  // namespace carousel::detail
