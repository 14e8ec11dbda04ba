#include "carousel/detail/fs/path_call.hpp"

namespace carousel::detail {

std::error_code path_operation::failed(std::error_code error, opcode what,
                                       const path_block& names) const noexcept {
  return note_failure(error, what, names.first_text(), names.second_text(), relative_to);
}

operation<path_call> path_call::on(path_operation where, const request& req, path_text name) {
  return operation(
      path_call{std::move(where), req, second_path::none, {path_block(name.text()), {}}});
}

operation<path_call> path_call::on(path_operation where, const request& req, path_text first,
                                   path_text second) {
  return operation(path_call{std::move(where),
                             req,
                             second_path::from_the_same,
                             {path_block(first.text(), second.text()), {}}});
}

operation<path_call> path_call::on(path_operation where, const request& req, path_text first,
                                   fd_ref there, path_text second) {
  return operation(path_call{std::move(where),
                             req,
                             second_path::from_another,
                             {path_block(first.text(), second.text()), std::move(there)}});
}

failure_code path_call::check(const driver& io) const noexcept {
  if (!io.supports(req.code)) return failure(errc::not_supported);
  if (second == second_path::from_another &&
      (!held.there || held.there->state == file_state::closed))
    return failure(std::errc::bad_file_descriptor);
  return check_path(io, held.names);
}

void path_call::encode(const driver&, slot&, request& r) const noexcept {
  r = req;
  r.fd = base();
  r.address = held.names.first();
  if (second != second_path::none) r.offset = held.names.second();
  if (second == second_path::from_another) r.length = static_cast<std::uint32_t>(held.there->fd);
}

}  // namespace carousel::detail
