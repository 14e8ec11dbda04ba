#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <numeric>

#include "fake/memory.hpp"
#include "fake/operation.hpp"

namespace carousel::fake {
namespace {

using detail::opcode;

constexpr std::uint32_t fsync_datasync = 1;

std::int32_t result_of(ssize_t r) { return r < 0 ? -errno : static_cast<std::int32_t>(r); }

std::size_t bytes_of(const std::vector<iovec>& pieces) {
  return std::accumulate(pieces.begin(), pieces.end(), std::size_t{0},
                         [](std::size_t sum, const iovec& p) { return sum + p.iov_len; });
}

/// What a write sends, copied: a write does not change what is lent, and the sanitizers watch those
/// who read it.
void stage_outgoing(operation& op) {
  op.staged = std::make_unique<aligned_bytes>(std::min(bytes_of(op.lent), op.limit));
  std::size_t done = 0;
  for (const iovec& piece : op.lent) {
    const std::size_t n = std::min(piece.iov_len, op.staged->bytes - done);
    copy_bytes(op.staged->first + done, static_cast<const std::byte*>(piece.iov_base), n);
    done += n;
  }
}

bool is_ready(int fd, short events) {
  pollfd one{.fd = fd, .events = events, .revents = 0};
  return poll(&one, 1, 0) > 0;
}

bool is_would_block(std::int32_t r) { return r == -EAGAIN || r == -EWOULDBLOCK; }

/// Calls `f` with the file in non-blocking mode, for files that do not know RWF_NOWAIT.
template <class F>
ssize_t without_blocking(int fd, F f) {
  const int before = fcntl(fd, F_GETFL);
  fcntl(fd, F_SETFL, before | O_NONBLOCK);
  const ssize_t r = f();
  const int error = errno;
  fcntl(fd, F_SETFL, before);
  errno = error;
  return r;
}

std::optional<std::int32_t> read(operation& op) {
  if (!op.file->readable()) return -EBADF;
  const std::uint64_t offset = op.entry.offset;
  const bool here = offset == detail::current_position;
  if (!here && static_cast<std::int64_t>(offset) < 0) return -EINVAL;
  const std::size_t wanted = std::min(bytes_of(op.lent), op.limit);
  op.staged = std::make_unique<aligned_bytes>(wanted);
  const int fd = op.file->fd();
  if (op.file->is_seekable()) {
    if (here) return result_of(::read(fd, op.staged->first, wanted));
    return result_of(pread(fd, op.staged->first, wanted, static_cast<off_t>(offset)));
  }
  if (S_ISSOCK(op.file->type())) {
    if (!here && offset != 0) return -ESPIPE;
    const std::int32_t r = result_of(recv(fd, op.staged->first, wanted, MSG_DONTWAIT));
    if (is_would_block(r)) return std::nullopt;
    return r;
  }
  if (wanted != 0 && !is_ready(fd, POLLIN)) return std::nullopt;
  return result_of(::read(fd, op.staged->first, wanted));
}

std::optional<std::int32_t> write(operation& op) {
  if (!op.file->writable()) return -EBADF;
  const std::uint64_t offset = op.entry.offset;
  const bool here = offset == detail::current_position;
  if (!here && static_cast<std::int64_t>(offset) < 0) return -EINVAL;
  stage_outgoing(op);
  const std::byte* data = op.staged->first;
  const std::size_t bytes = op.staged->bytes;
  const int fd = op.file->fd();
  if (op.file->is_seekable()) {
    if (here) return result_of(::write(fd, data, bytes));
    return result_of(pwrite(fd, data, bytes, static_cast<off_t>(offset)));
  }
  if (S_ISSOCK(op.file->type())) {
    if (!here && offset != 0) return -ESPIPE;
    const std::int32_t r = result_of(send(fd, data, bytes, MSG_DONTWAIT | MSG_NOSIGNAL));
    if (is_would_block(r)) return std::nullopt;
    return r;
  }
  pollfd end{.fd = fd, .events = POLLOUT, .revents = 0};
  if (poll(&end, 1, 0) > 0 && S_ISFIFO(op.file->type()) && (end.revents & POLLERR) != 0)
    return -EPIPE;
  const iovec piece{.iov_base = op.staged->first, .iov_len = bytes};
  std::int32_t r = result_of(pwritev2(fd, &piece, 1, -1, RWF_NOWAIT));
  if (r == -EOPNOTSUPP || r == -EINVAL)
    r = result_of(without_blocking(fd, [&] { return ::write(fd, data, bytes); }));
  if (is_would_block(r)) return std::nullopt;
  return r;
}

std::int32_t statx_of(operation& op) {
  struct statx about{};
  const int fd = op.file != nullptr ? op.file->fd() : op.entry.fd;
  if (::statx(fd, op.path.c_str(), static_cast<int>(op.entry.op_flags), op.entry.length, &about) !=
      0)
    return -errno;
  op.staged = std::make_unique<aligned_bytes>(sizeof about);
  std::copy_n(reinterpret_cast<const std::byte*>(&about), sizeof about, op.staged->first);
  return 0;
}

std::int32_t openat_of(const operation& op) {
  return result_of(openat(op.entry.fd, op.path.c_str(), static_cast<int>(op.entry.op_flags),
                          static_cast<mode_t>(op.entry.length)));
}

std::int32_t name_call(const operation& op) {
  const char* first = op.path.c_str();
  const char* second = op.second_path.c_str();
  const auto length = static_cast<int>(op.entry.length);
  const auto flags = op.entry.op_flags;
  switch (op.code) {
    case opcode::mkdirat: return result_of(mkdirat(op.entry.fd, first, op.entry.length));
    case opcode::unlinkat: return result_of(unlinkat(op.entry.fd, first, static_cast<int>(flags)));
    case opcode::symlinkat: return result_of(symlinkat(first, op.entry.fd, second));
    case opcode::linkat:
      return result_of(linkat(op.entry.fd, first, length, second, static_cast<int>(flags)));
    case opcode::renameat: return result_of(renameat2(op.entry.fd, first, length, second, flags));
    default: return -EINVAL;
  }
}

std::optional<std::int32_t> poll_add(const operation& op) {
  pollfd one{.fd = op.file->fd(), .events = events_of(op), .revents = 0};
  if (poll(&one, 1, 0) <= 0) return std::nullopt;
  return one.revents;
}

std::optional<std::int32_t> receive(operation& op) {
  op.staged = std::make_unique<aligned_bytes>(std::min(bytes_of(op.lent), op.limit));
  const std::int32_t r = result_of(recv(op.file->fd(), op.staged->first, op.staged->bytes,
                                        static_cast<int>(op.entry.op_flags) | MSG_DONTWAIT));
  if (is_would_block(r) && (op.entry.op_flags & MSG_DONTWAIT) == 0) return std::nullopt;
  return r;
}

std::optional<std::int32_t> send_out(operation& op) {
  stage_outgoing(op);
  const std::int32_t r =
      result_of(send(op.file->fd(), op.staged->first, op.staged->bytes,
                     static_cast<int>(op.entry.op_flags) | MSG_DONTWAIT | MSG_NOSIGNAL));
  if (is_would_block(r) && (op.entry.op_flags & MSG_DONTWAIT) == 0) return std::nullopt;
  return r;
}

/// Without the peer's address: it would be stored at completion, and nobody asks for it yet.
std::optional<std::int32_t> accept_one(const operation& op) {
  if (op.entry.address != 0) return -EINVAL;
  if (!is_ready(op.file->fd(), POLLIN)) return std::nullopt;
  return result_of(accept4(op.file->fd(), nullptr, nullptr, static_cast<int>(op.entry.op_flags)));
}

std::optional<std::int32_t> execute_other(operation& op) {
  switch (op.number()) {
    case op_poll_add: return poll_add(op);
    case op_accept: return accept_one(op);
    case op_send: return send_out(op);
    case op_recv: return receive(op);
    case op_shutdown: return result_of(shutdown(op.file->fd(), static_cast<int>(op.entry.length)));
    case op_socket:
      return result_of(socket(op.entry.fd, static_cast<int>(op.entry.offset),
                              static_cast<int>(op.entry.length)));
    default: return -EINVAL;
  }
}

}  // namespace

bool may_wait(const operation& op) noexcept {
  switch (op.code) {
    case opcode::read:
    case opcode::read_fixed:
    case opcode::readv:
    case opcode::write:
    case opcode::write_fixed:
    case opcode::writev: return op.file != nullptr && !op.file->is_seekable();
    default:
      return op.number() == op_poll_add || op.number() == op_accept || op.number() == op_send ||
             op.number() == op_recv;
  }
}

short events_of(const operation& op) noexcept {
  switch (op.code) {
    case opcode::write:
    case opcode::write_fixed:
    case opcode::writev: return POLLOUT;
    default:
      if (op.number() == op_poll_add) return static_cast<short>(op.entry.op_flags);
      return op.number() == op_send ? POLLOUT : POLLIN;
  }
}

std::optional<std::int32_t> execute(operation& op) {
  switch (op.code) {
    case opcode::nop: return 0;
    case opcode::read:
    case opcode::read_fixed:
    case opcode::readv: return read(op);
    case opcode::write:
    case opcode::write_fixed:
    case opcode::writev: return write(op);
    case opcode::fsync:
      return result_of((op.entry.op_flags & fsync_datasync) != 0 ? fdatasync(op.file->fd())
                                                                 : fsync(op.file->fd()));
    case opcode::fallocate:
      return result_of(fallocate(op.file->fd(), static_cast<int>(op.entry.length),
                                 static_cast<off_t>(op.entry.offset),
                                 static_cast<off_t>(op.entry.address)));
    case opcode::ftruncate:
      return result_of(ftruncate(op.file->fd(), static_cast<off_t>(op.entry.offset)));
    case opcode::statx: return statx_of(op);
    case opcode::openat: return openat_of(op);
    case opcode::close: return result_of(::close(op.entry.fd));
    case opcode::mkdirat:
    case opcode::unlinkat:
    case opcode::symlinkat:
    case opcode::linkat:
    case opcode::renameat: return name_call(op);
    default: return execute_other(op);
  }
}

}  // namespace carousel::fake
