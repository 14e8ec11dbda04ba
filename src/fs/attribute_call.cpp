#include "carousel/detail/fs/attribute_call.hpp"

namespace carousel::detail {

opcode attribute_operation::code(direction way) const noexcept {
  if (way == direction::read) return file ? opcode::fgetxattr : opcode::getxattr;
  return file ? opcode::fsetxattr : opcode::setxattr;
}

failure_code attribute_operation::check_names(const driver& io, direction way,
                                              const path_block& names) const noexcept {
  if (!io.supports(code(way))) return failure(errc::not_supported);
  if (file) {
    if (const failure_code error = check_file(io)) return error;
  }
  return names.check();
}

void attribute_operation::encode_names(driver& io, request& r, direction way,
                                       const path_block& names) const noexcept {
  r.code = code(way);
  r.address = names.first();
  r.op_flags = flags;
  if (file) {
    name_file(io, r);
  } else {
    r.address3 = names.second();
  }
}

std::error_code attribute_operation::failed(std::error_code error, direction way,
                                            const path_block& names) const noexcept {
  if (file) return note_failure(error, code(way), file.get());
  return note_failure(error, code(way), names.second_text(), "", path_base::current_directory);
}

}  // namespace carousel::detail
