#include "carousel/detail/base/request.hpp"

namespace carousel::detail {

const char* name_of(opcode code) noexcept {
  switch (code) {
    case opcode::nop: return "nop";
    case opcode::readv: return "readv";
    case opcode::writev: return "writev";
    case opcode::fsync: return "fsync";
    case opcode::read_fixed: return "read_fixed";
    case opcode::write_fixed: return "write_fixed";
    case opcode::poll_add: return "poll_add";
    case opcode::sendmsg: return "sendmsg";
    case opcode::recvmsg: return "recvmsg";
    case opcode::timeout: return "timeout";
    case opcode::accept: return "accept";
    case opcode::async_cancel: return "async_cancel";
    case opcode::connect: return "connect";
    case opcode::fallocate: return "fallocate";
    case opcode::openat: return "openat";
    case opcode::openat2: return "openat2";
    case opcode::close: return "close";
    case opcode::statx: return "statx";
    case opcode::read: return "read";
    case opcode::write: return "write";
    case opcode::fadvise: return "fadvise";
    case opcode::madvise: return "madvise";
    case opcode::send: return "send";
    case opcode::recv: return "recv";
    case opcode::splice: return "splice";
    case opcode::tee: return "tee";
    case opcode::shutdown: return "shutdown";
    case opcode::renameat: return "renameat";
    case opcode::unlinkat: return "unlinkat";
    case opcode::mkdirat: return "mkdirat";
    case opcode::symlinkat: return "symlinkat";
    case opcode::linkat: return "linkat";
    case opcode::fsetxattr: return "fsetxattr";
    case opcode::setxattr: return "setxattr";
    case opcode::fgetxattr: return "fgetxattr";
    case opcode::getxattr: return "getxattr";
    case opcode::send_zc: return "send_zc";
    case opcode::futex_wait: return "futex_wait";
    case opcode::futex_wake: return "futex_wake";
    case opcode::ftruncate: return "ftruncate";
  }
  return "an operation without a name";
}

}  // namespace carousel::detail
