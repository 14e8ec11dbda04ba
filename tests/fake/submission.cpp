#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "fake/kernel.hpp"
#include "fake/used_fields.hpp"

// How the fake kernel takes a submission queue entry: what it copies, what it borrows, and what the
// seed has in store for it.

namespace carousel::fake {
namespace {

using detail::opcode;

constexpr unsigned pieces_max = 1024;

template <class T>
T* pointer(std::uint64_t address) noexcept {
  return reinterpret_cast<T*>(static_cast<std::uintptr_t>(address));
}

bool is_read(const operation& op) noexcept {
  return op.code == opcode::read || op.code == opcode::read_fixed || op.code == opcode::readv ||
         op.code == opcode::recv || op.code == opcode::recvmsg || op.code == opcode::getxattr ||
         op.code == opcode::fgetxattr;
}

bool is_write(const operation& op) noexcept {
  return op.code == opcode::write || op.code == opcode::write_fixed || op.code == opcode::writev ||
         op.code == opcode::send || op.code == opcode::sendmsg || op.code == opcode::send_zc ||
         op.code == opcode::setxattr || op.code == opcode::fsetxattr;
}

bool has_path(const operation& op) noexcept {
  switch (op.code) {
    case opcode::openat:
    case opcode::statx:
    case opcode::renameat:
    case opcode::unlinkat:
    case opcode::mkdirat:
    case opcode::symlinkat:
    case opcode::linkat:
    case opcode::getxattr:
    case opcode::setxattr:
    case opcode::fgetxattr:
    case opcode::fsetxattr: return true;
    default: return false;
  }
}

bool has_file(const operation& op) noexcept {
  if (op.code == opcode::statx) return (op.entry.op_flags & AT_EMPTY_PATH) != 0;
  if (op.code == opcode::fgetxattr || op.code == opcode::fsetxattr) return true;
  return !has_path(op) && op.code != opcode::nop && op.code != opcode::close &&
         op.code != opcode::timeout && op.code != opcode::madvise && !is_of_word(op) &&
         op.number() != op_socket;
}

bool completes_often(const operation& op) noexcept {
  switch (op.code) {
    case opcode::accept: return (op.entry.ioprio & accept_multishot) != 0;
    case opcode::poll_add: return (op.entry.length & poll_multishot) != 0;
    case opcode::send_zc: return true;
    default: return false;
  }
}

}  // namespace

unsigned kernel::consume(unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    const detail::request entry = sqes_[sq_head_ & (sqes_.size() - 1)];
    ++sq_head_;
    if (std::exchange(left_of_chain_, 0) == entry.user_data && entry.user_data != 0)
      trace_.fail(last_id_, "a chain was split over two submissions");
    submit(entry);
    if (options_.may_drop && options_.strict && operations_.size() + visible() > cqes_.size())
      trace_.fail(last_id_, "there are more requests than a full completion queue keeps");
  }
  if (!chain_.empty()) {
    if (sq_head_ != sq_tail_ && options_.strict)
      left_of_chain_ = sqes_[sq_head_ & (sqes_.size() - 1)].user_data;
    begin_chain();
  }
  return count;
}

void kernel::submit(const detail::request& entry) {
  operation& op = operations_.emplace_back();
  op.id = ++last_id_;
  op.entry = entry;
  op.code = entry.code;
  op.due = now_;
  note(op.id, name_of(entry.code), static_cast<int>(entry.code));
  const auto self = std::prev(operations_.end());
  if (const char* field = unused_field_set(entry); field != nullptr)
    (void)misuse(op, std::string("a request sets what its operation does not use: ") + field, 0);
  if (op.code == opcode::async_cancel) {
    cancel(op);
    if (random_.chance(options_.async)) {
      op.due = now_ + some_time(options_.delay_max);
    } else {
      complete(self, op.res);
    }
    return;
  }
  const std::int32_t error = prepare(op);
  if (error != 0) op.lent.clear();
  const bool is_linked = (entry.sqe_flags & detail::sqe_io_link) != 0;
  if (is_linked || !chain_.empty()) {
    join_chain(self, error);
    if (!is_linked) begin_chain();
  } else if (error != 0) {
    complete(self, error);
  } else {
    schedule(self);
  }
}

std::int32_t kernel::prepare(operation& op) {
  if (options_.may_drop && options_.strict && completes_often(op))
    trace_.fail(op.id, "a request may fill more entries of a completion queue that may lose some");
  if (has_file(op)) {
    if (const std::int32_t error = take_file(op); error != 0) return error;
  }
  const bool in_table = op.entry.file_index != 0;
  if (op.code == opcode::openat && in_table && (op.entry.op_flags & O_CLOEXEC) != 0) return -EINVAL;
  if (op.code == opcode::accept && in_table && (op.entry.op_flags & SOCK_CLOEXEC) != 0)
    return -EINVAL;
  if (op.code == opcode::close && in_table && op.entry.fd != 0) return -EINVAL;
  if (op.code == opcode::close && !in_table && options_.closed_world &&
      fcntl(op.entry.fd, F_GETFD) < 0)
    trace_.fail(op.id, "a descriptor was closed that is not open");
  if (has_path(op)) take_paths(op);
  if (op.code == opcode::accept && op.entry.ioprio != 0 && options_.no_multishot)
    return misuse(op, "an accept was to go on, which this kernel does not know", -EINVAL);
  if (op.code == opcode::send_zc && options_.no_zero_copy)
    return misuse(op, "a send without a copy was asked of a kernel that has none", -EINVAL);
  if (op.code == opcode::poll_add && (op.entry.length & poll_multishot) != 0) {
    op.edges = std::make_unique<edge_watch>(op.file->fd(), op.entry.op_flags);
    if (!op.edges->works()) op.edges = nullptr;
  }
  if (op.code == opcode::connect) {
    const char* address = pointer<const char>(op.entry.address);
    if (!is_mapped(address, op.entry.offset) || is_poisoned(address, op.entry.offset))
      return misuse(op, "an address was gone when the kernel copied it", -EFAULT);
    op.address.assign(address, op.entry.offset);
  }
  if (op.code == opcode::timeout) {
    if (const std::int32_t error = take_time(op); error != 0) return error;
  }
  if (is_of_word(op)) {
    if (const std::int32_t error = check_futex(op); error != 0) return error;
  }
  if (const std::int32_t error = take_memory(op); error != 0) return error;
  return lend(op);
}

std::int32_t kernel::take_file(operation& op) {
  const bool in_table = (op.entry.sqe_flags & detail::sqe_fixed_file) != 0;
  if (const std::int32_t error = take_file(op, op.entry.fd, in_table, op.file); error != 0)
    return error;
  if (op.code != opcode::splice && op.code != opcode::tee) return 0;
  return take_file(op, static_cast<int>(op.entry.file_index),
                   (op.entry.op_flags & splice_fd_in_fixed) != 0, op.source);
}

std::int32_t kernel::take_file(const operation& op, int number, bool in_table,
                               std::shared_ptr<held_file>& into) {
  if (in_table) {
    const auto index = static_cast<std::uint32_t>(number);
    if (index < files_.size()) into = files_[index];
    if (into == nullptr)
      return misuse(op, "an operation named an empty entry of the file table", -EBADF);
    return 0;
  }
  into = holder_.hold(number);
  if (into == nullptr && options_.closed_world)
    trace_.fail(op.id, "an operation named a descriptor that is not open");
  return into != nullptr ? 0 : -EBADF;
}

/// A point in time, by the clock of the boot or the steady one.
std::int32_t kernel::take_time(operation& op) {
  const auto* const at = pointer<const sys::kernel_timespec>(op.entry.address);
  if (!is_mapped(at, sizeof *at) || is_poisoned(at, sizeof *at))
    return misuse(op, "a time was gone when the kernel copied it", -EFAULT);
  if (op.entry.length != 1 || at->seconds < 0 || at->nanoseconds < 0) return -EINVAL;
  if ((op.entry.op_flags & timeout_abs) == 0) return -EINVAL;  // nobody asks for another one
  op.until = std::chrono::seconds(at->seconds) + std::chrono::nanoseconds(at->nanoseconds);
  return 0;
}

void kernel::take_paths(operation& op) {
  const auto copy = [&](std::uint64_t address) -> std::string {
    const char* text = pointer<const char>(address);
    if (!is_mapped(text, 1) || is_poisoned(text, 1))
      trace_.fail(op.id, "a path was gone when the kernel copied it");
    return text;
  };
  op.path = copy(op.entry.address);
  if (op.code == opcode::renameat || op.code == opcode::symlinkat || op.code == opcode::linkat)
    op.second_path = copy(op.entry.offset);
  if (op.code == opcode::getxattr || op.code == opcode::setxattr)
    op.second_path = copy(op.entry.address3);
}

std::int32_t kernel::take_memory(operation& op) {
  op.stores = is_read(op);
  if (op.code == opcode::statx) {
    op.stores = true;
    op.lent = {{.iov_base = pointer<void>(op.entry.offset), .iov_len = sizeof(struct statx)}};
    return 0;
  }
  if (!is_read(op) && !is_write(op)) return 0;
  if (is_of_attribute(op)) {
    op.lent = {{.iov_base = pointer<void>(op.entry.offset), .iov_len = op.entry.length}};
    return 0;
  }
  const bool is_message = op.code == opcode::sendmsg || op.code == opcode::recvmsg;
  const bool is_socket_call = is_message || op.code == opcode::send || op.code == opcode::send_zc ||
                              op.code == opcode::recv;
  if (!is_socket_call && (op.entry.op_flags & ~sys::rwf_nosignal) != 0) return -EOPNOTSUPP;
  if (!is_socket_call && op.entry.op_flags != 0 && options_.no_nosignal)
    return misuse(op, "a flag was used that this kernel does not know", -EOPNOTSUPP);
  if (is_message) return take_message(op);
  if (op.code == opcode::readv || op.code == opcode::writev)
    return take_pieces(op, pointer<const iovec>(op.entry.address), op.entry.length);
  op.lent = {{.iov_base = pointer<void>(op.entry.address), .iov_len = op.entry.length}};
  const bool sends_fixed = op.code == opcode::send_zc && (op.entry.ioprio & send_fixed_buf) != 0;
  if (op.code == opcode::read_fixed || op.code == opcode::write_fixed || sends_fixed)
    return take_fixed(op);
  return 0;
}

std::int32_t kernel::take_pieces(operation& op, const iovec* first, std::size_t count) {
  if (count > pieces_max) return op.header != nullptr ? -EMSGSIZE : -EINVAL;
  const std::size_t bytes = count * sizeof(iovec);
  if (!is_mapped(first, bytes) || is_poisoned(first, bytes))
    return misuse(op, "an array of iovecs was gone when the kernel copied it", -EFAULT);
  op.lent.assign(first, first + count);
  return 0;
}

std::int32_t kernel::take_message(operation& op) {
  const auto* header = pointer<const msghdr>(op.entry.address);
  if (!is_mapped(header, sizeof *header) || is_poisoned(header, sizeof *header))
    return misuse(op, "a message header was gone when the kernel copied it", -EFAULT);
  op.header = std::make_unique<message>();
  op.header->asked = *header;
  return take_pieces(op, header->msg_iov, header->msg_iovlen);
}

std::int32_t kernel::take_fixed(operation& op) {
  if (!has_table_ || op.entry.buf_index >= table_.size())
    return misuse(op, "a fixed operation named no registered buffer", -EFAULT);
  if (op.entry.length == 0)
    (void)misuse(op, "a fixed operation moves no byte, which some kernels do not survive", 0);
  const iovec& buffer = table_[op.entry.buf_index];
  const auto begin = reinterpret_cast<std::uintptr_t>(buffer.iov_base);
  const bool inside = op.entry.address >= begin && op.entry.length <= buffer.iov_len &&
                      op.entry.address - begin <= buffer.iov_len - op.entry.length;
  if (buffer.iov_base == nullptr || !inside)
    return misuse(op, "a fixed operation reached outside its registered buffer", -EFAULT);
  return 0;
}

std::int32_t kernel::lend(operation& op) {
  for (const iovec& piece : op.lent) {
    const std::uint64_t declaration = declared_memory::find(piece.iov_base, piece.iov_len);
    if (piece.iov_len == 0) {
      op.declarations.push_back(0);
      continue;
    }
    if (declaration == 0 && options_.closed_world && op.code != opcode::statx)
      trace_.fail(op.id, "an operation was lent memory that is nobody's buffer");
    if (declaration == 0 && !is_mapped(piece.iov_base, piece.iov_len))
      return misuse(op, "an operation was lent memory that is gone", -EFAULT);
    op.declarations.push_back(declaration);
  }
  for (const iovec& piece : op.lent) {
    if (const std::uint64_t other = lent_.lend(piece, op.id); other != 0) {
      note(op.id, "wants memory that is lent to operation", static_cast<std::int64_t>(other));
      trace_.fail(op.id, "two operations in flight were lent the same memory");
    }
  }
  op.content = fingerprint(op.lent);
  return 0;
}

/// An error out of nowhere, for operations that real kernels fail so; 0 mostly.
std::int32_t kernel::injected(const operation& op) {
  if (op.code == opcode::nop || op.code == opcode::poll_add || is_of_word(op)) return 0;
  if (is_of_socket(op) && (is_read(op) || is_write(op)) && random_.chance(options_.resets) &&
      broken_.insert(op.file->inode()).second) {
    ::shutdown(op.file->fd(), SHUT_RDWR);
    return -ECONNRESET;
  }
  if (random_.chance(options_.interrupted)) return random_.chance(700) ? -EINTR : -EAGAIN;
  if (random_.chance(options_.canceled)) return -ECANCELED;
  if (!random_.chance(options_.failed)) return 0;
  if (op.code == opcode::close) return -EIO;
  return is_write(op) && random_.chance(500) ? -ENOSPC : random_.chance(500) ? -EIO : -ENOMEM;
}

/// What an operation does; of those that open into the file table and close there, the part that
/// only this kernel can do.
std::optional<std::int32_t> kernel::run(operation& op) {
  if (is_of_socket(op) && broken_.contains(op.file->inode())) {
    if (is_read(op)) return 0;
    if (is_write(op)) return op.moved != 0 ? static_cast<std::int32_t>(op.moved) : -EPIPE;
  }
  if (op.code == opcode::futex_wait) return std::nullopt;
  if (op.code == opcode::futex_wake) return wake_at_word(op);
  const std::size_t index = std::size_t{op.entry.file_index} - 1;
  const bool opens = op.code == opcode::openat || op.code == opcode::accept;
  if (op.entry.file_index == 0 || (!opens && op.code != opcode::close)) return execute(op);
  if (op.code == opcode::close) {
    if (files_.empty()) return -ENXIO;
    if (index >= files_.size()) return -EINVAL;
    if (files_[index] == nullptr)
      return misuse(op, "an empty entry of the file table was closed", -EBADF);
    files_[index] = nullptr;
    return 0;
  }
  const std::optional<std::int32_t> fd = execute(op);
  if (!fd || *fd < 0) return fd;
  std::shared_ptr<held_file> opened = holder_.hold(*fd);
  ::close(*fd);
  // By then it is open, and what was accepted is lost.
  if (files_.empty()) return -ENXIO;
  if (index >= files_.size()) return -EINVAL;
  if (files_[index] != nullptr && options_.closed_world)
    trace_.fail(op.id, "a file was opened into an entry of the file table that holds another");
  files_[index] = std::move(opened);
  return 0;
}

void kernel::schedule(op_list::iterator self) {
  operation& op = *self;
  const bool waits = may_wait(op);
  if (op.code == opcode::timeout) {
    op.at = stage::waiting;
    op.due = due_of(op);
    return;
  }
  if (op.code == opcode::futex_wait) return wait_at_word(op);
  if (const std::int32_t error = injected(op); error != 0) {
    // Whatever close answers, the number is free, unless it was never begun.
    if (op.code == opcode::close && error != -ECANCELED) (void)run(op);
    op.res = error;
    op.due = now_ + some_time(options_.delay_max);
    return;
  }
  const bool direct = op.file != nullptr && op.file->is_seekable() && op.file->is_direct();
  // An eventfd, which has no type, moves its eight bytes or none.
  const bool whole = direct || (op.file != nullptr && op.file->type() == 0);
  if ((is_read(op) || is_write(op)) && !whole && !is_of_attribute(op) &&
      random_.chance(options_.shortened))
    op.limit = 1 + random_.below(op.lent.empty() ? 1 : op.lent.front().iov_len);
  if (op.source != nullptr && random_.chance(options_.shortened))
    op.limit = 1 + random_.below(op.entry.length);
  if (!waits && op.code != opcode::nop && random_.chance(options_.stuck)) {
    note(op.id, "is stuck");
    op.stuck = true;
    op.at = stage::running;
    op.due = std::chrono::steady_clock::time_point::max();
    return;
  }
  op.at = waits ? stage::armed : stage::waiting;
  if (random_.chance(options_.async)) {
    op.due = now_ + some_time(options_.delay_max);
    if (waits || random_.chance(500)) return;
    op.at = stage::running;
    op.res = run(op).value_or(-EAGAIN);
    note(op.id, "runs, result to come", op.res);
    return;
  }
  (void)step(self);
}

}  // namespace carousel::fake
