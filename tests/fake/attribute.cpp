#include <sys/xattr.h>

#include <cerrno>

#include "fake/memory.hpp"
#include "fake/operation.hpp"

// Extended attributes: `path` is the name of one, `second_path` that of its file.

namespace carousel::fake {

using detail::opcode;

bool is_of_attribute(const operation& op) noexcept {
  switch (op.code) {
    case opcode::getxattr:
    case opcode::setxattr:
    case opcode::fgetxattr:
    case opcode::fsetxattr: return true;
    default: return false;
  }
}

std::int32_t execute_attribute(operation& op) {
  const char* const name = op.path.c_str();
  const char* const path = op.second_path.c_str();
  const std::size_t bytes = op.lent.front().iov_len;
  op.staged = std::make_unique<aligned_bytes>(bytes);
  std::byte* const value = op.staged->first;
  const auto flags = static_cast<int>(op.entry.op_flags);
  ssize_t r = 0;
  switch (op.code) {
    case opcode::getxattr: r = ::getxattr(path, name, value, bytes); break;
    case opcode::fgetxattr: r = ::fgetxattr(op.file->fd(), name, value, bytes); break;
    default:
      copy_bytes(value, static_cast<const std::byte*>(op.lent.front().iov_base), bytes);
      r = op.code == opcode::setxattr ? ::setxattr(path, name, value, bytes, flags)
                                      : ::fsetxattr(op.file->fd(), name, value, bytes, flags);
  }
  return r < 0 ? -errno : static_cast<std::int32_t>(r);
}

}  // namespace carousel::fake
