#include "fake/used_fields.hpp"

#include <cstdint>

#include "fake/operation.hpp"

namespace carousel::fake {
namespace {

using detail::opcode;

enum field : unsigned {
  ioprio = 1U << 0U,
  fd = 1U << 1U,
  offset = 1U << 2U,
  address = 1U << 3U,
  length = 1U << 4U,
  op_flags = 1U << 5U,
  buf_index = 1U << 6U,
  file_index = 1U << 7U,
  address3 = 1U << 8U,
};
constexpr unsigned all_fields = ~0U;

/// The manual pages of liburing's io_uring_prep_ functions, each field that one of them sets.
unsigned fields_of(const detail::request& entry) noexcept {
  switch (entry.code) {
    case opcode::nop: return 0;
    case opcode::readv:
    case opcode::writev:
    case opcode::read:
    case opcode::write: return fd | offset | address | length | op_flags;
    case opcode::read_fixed:
    case opcode::write_fixed: return fd | offset | address | length | op_flags | buf_index;
    case opcode::fsync: return fd | offset | length | op_flags;
    case opcode::poll_add: return fd | length | op_flags;
    case opcode::timeout: return fd | offset | address | length | op_flags;
    case opcode::sendmsg:
    case opcode::recvmsg:
    case opcode::send:
    case opcode::recv: return ioprio | fd | address | length | op_flags;
    case opcode::send_zc: return ioprio | fd | address | length | op_flags | buf_index;
    case opcode::connect: return fd | offset | address;
    case opcode::splice: return fd | offset | address | length | op_flags | file_index;
    case opcode::tee: return fd | length | op_flags | file_index;
    case opcode::fgetxattr:
    case opcode::fsetxattr: return fd | offset | address | length | op_flags;
    case opcode::getxattr:
    case opcode::setxattr: return offset | address | length | op_flags | address3;
    case opcode::shutdown: return fd | length;
    case opcode::accept: return ioprio | fd | offset | address | op_flags | file_index;
    case opcode::async_cancel: return address | op_flags;
    case opcode::fallocate: return fd | offset | address | length;
    case opcode::fadvise: return fd | offset | address | length | op_flags;
    case opcode::madvise: return offset | address | length | op_flags;
    case opcode::openat: return fd | address | length | op_flags | file_index;
    case opcode::openat2: return fd | offset | address | length | file_index;
    case opcode::close: return fd | file_index;
    case opcode::statx:
    case opcode::renameat:
    case opcode::linkat: return fd | offset | address | length | op_flags;
    case opcode::unlinkat: return fd | address | op_flags;
    case opcode::mkdirat: return fd | address | length;
    case opcode::symlinkat: return fd | offset | address;
    case opcode::futex_wait:
    case opcode::futex_wake: return fd | offset | address | address3;
    case opcode::ftruncate: return fd | offset;
  }
  switch (static_cast<unsigned>(entry.code)) {
    case op_socket: return fd | offset | length | op_flags | file_index;
    default: return all_fields;
  }
}

}  // namespace

const char* unused_field_set(const detail::request& entry) noexcept {
  const unsigned used = fields_of(entry);
  const auto stray = [used](field f, auto value) { return (used & f) == 0 && value != 0; };
  if (stray(ioprio, entry.ioprio)) return "ioprio";
  if (stray(fd, entry.fd)) return "fd";
  if (stray(offset, entry.offset)) return "offset";
  if (stray(address, entry.address)) return "address";
  if (stray(length, entry.length)) return "length";
  if (stray(op_flags, entry.op_flags)) return "op_flags";
  if (stray(buf_index, entry.buf_index)) return "buf_index";
  if (stray(file_index, entry.file_index)) return "file_index";
  if (used == all_fields) return nullptr;
  if (entry.personality != 0) return "personality";
  if (stray(address3, entry.address3)) return "address3";
  return entry.pad != 0 ? "pad" : nullptr;
}

}  // namespace carousel::fake
