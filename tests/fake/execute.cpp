#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
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

/// What a write sends behind its first `skip` bytes, copied: a write does not change what is lent,
/// and the sanitizers watch those who read it.
void stage_outgoing(operation& op, std::size_t skip = 0) {
  op.staged = std::make_unique<aligned_bytes>(std::min(bytes_of(op.lent) - skip, op.limit));
  std::size_t done = 0;
  for (const iovec& piece : op.lent) {
    const std::size_t before = std::min(skip, piece.iov_len);
    skip -= before;
    const std::size_t n = std::min(piece.iov_len - before, op.staged->bytes - done);
    copy_bytes(op.staged->first + done, static_cast<const std::byte*>(piece.iov_base) + before, n);
    done += n;
  }
}

/// The events that poll(2) knows an operation by.
short events_of(const operation& op) noexcept {
  switch (op.code) {
    case opcode::write:
    case opcode::write_fixed:
    case opcode::writev:
    case opcode::connect:
    case opcode::send:
    case opcode::send_zc:
    case opcode::splice:
    case opcode::tee:
    case opcode::sendmsg: return POLLOUT;
    case opcode::poll_add: return static_cast<short>(op.entry.op_flags);
    default: return POLLIN;
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

std::int32_t advise(const operation& op) {
  const std::uint64_t bytes = op.entry.address != 0 ? op.entry.address : op.entry.length;
  return -posix_fadvise(op.file->fd(), static_cast<off_t>(op.entry.offset),
                        static_cast<off_t>(bytes), static_cast<int>(op.entry.op_flags));
}

std::int32_t advise_memory(const operation& op) {
  auto* const first = reinterpret_cast<void*>(static_cast<std::uintptr_t>(op.entry.address));
  const std::uint64_t bytes = op.entry.offset != 0 ? op.entry.offset : op.entry.length;
  return result_of(::madvise(first, bytes, static_cast<int>(op.entry.op_flags)));
}

std::optional<std::int32_t> poll_add(const operation& op) {
  if (op.edges != nullptr) {
    const std::uint32_t events = op.edges->take();
    if (events == 0) return std::nullopt;
    return static_cast<std::int32_t>(events);
  }
  pollfd one = readiness_of(op);
  if (poll(&one, 1, 0) <= 0) return std::nullopt;
  return one.revents;
}

bool waits_at(const operation& op, std::int32_t r) {
  return is_would_block(r) && (op.entry.op_flags & MSG_DONTWAIT) == 0;
}

std::optional<std::int32_t> receive(operation& op) {
  op.staged = std::make_unique<aligned_bytes>(std::min(bytes_of(op.lent), op.limit));
  iovec piece{.iov_base = op.staged->first, .iov_len = op.staged->bytes};
  msghdr into{};
  into.msg_iov = &piece;
  into.msg_iovlen = 1;
  if (op.header != nullptr) {
    op.header->name.assign(op.header->asked.msg_namelen, std::byte{});
    op.header->control.assign(op.header->asked.msg_controllen, std::byte{});
    into.msg_name = op.header->name.data();
    into.msg_namelen = op.header->asked.msg_namelen;
    into.msg_control = op.header->control.data();
    into.msg_controllen = op.header->control.size();
  }
  const int flags = static_cast<int>(op.entry.op_flags) | MSG_DONTWAIT;
  const std::int32_t r = result_of(::recvmsg(op.file->fd(), &into, flags));
  if (waits_at(op, r)) return std::nullopt;
  if (op.header != nullptr && r >= 0) {
    // Of a name the kernel says how long it is, and stores what there was room for.
    op.header->asked.msg_namelen = into.msg_namelen;
    op.header->control.resize(into.msg_controllen);
    op.header->flags = into.msg_flags & ~MSG_CMSG_CLOEXEC;
  }
  return r;
}

/// What is staged, with the address and the control messages that the header names. These are read
/// now, as Linux does.
std::int32_t send_staged(const operation& op) {
  const int flags = static_cast<int>(op.entry.op_flags) | MSG_DONTWAIT | MSG_NOSIGNAL;
  iovec piece{.iov_base = op.staged->first, .iov_len = op.staged->bytes};
  msghdr from{};
  if (op.header != nullptr) from = op.header->asked;
  from.msg_iov = &piece;
  from.msg_iovlen = 1;
  return result_of(::sendmsg(op.file->fd(), &from, flags));
}

std::optional<std::int32_t> send_out(operation& op) {
  const std::size_t total = bytes_of(op.lent);
  for (;;) {
    stage_outgoing(op, op.moved);
    const std::int32_t r = send_staged(op);
    if (waits_at(op, r)) return std::nullopt;
    if (!sends_all(op)) return r;
    if (r < 0) return op.moved != 0 ? static_cast<std::int32_t>(op.moved) : r;
    op.moved += static_cast<std::size_t>(r);
    if (op.moved == total) return static_cast<std::int32_t>(op.moved);
  }
}

/// Unix sockets cannot.
bool can_send_zero_copy(const operation& op) {
  int family = AF_UNIX;
  socklen_t bytes = sizeof family;
  (void)getsockopt(op.file->fd(), SOL_SOCKET, SO_DOMAIN, &family, &bytes);
  return family != AF_UNIX;
}

std::optional<std::int32_t> connect_to(operation& op) {
  const int fd = op.file->fd();
  if (op.connecting && !is_ready(fd, POLLOUT)) return std::nullopt;
  const bool waits = (fcntl(fd, F_GETFL) & O_NONBLOCK) == 0;
  const auto call = [&] {
    return ::connect(fd, reinterpret_cast<const sockaddr*>(op.address.data()),
                     static_cast<socklen_t>(op.address.size()));
  };
  const std::int32_t r = result_of(without_blocking(fd, call));
  op.connecting = r == -EINPROGRESS;
  // Of a Unix socket: the backlog is full.
  if (op.connecting || (r == -EAGAIN && waits)) return std::nullopt;
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
    case op_socket:
      return result_of(socket(op.entry.fd, static_cast<int>(op.entry.offset),
                              static_cast<int>(op.entry.length)));
    default: return -EINVAL;
  }
}

}  // namespace

edge_watch::edge_watch(int fd, std::uint32_t events) : fd_(epoll_create1(EPOLL_CLOEXEC)) {
  epoll_event wanted{.events = events | EPOLLET, .data = {}};
  works_ = epoll_ctl(fd_, EPOLL_CTL_ADD, fd, &wanted) == 0;
}

edge_watch::~edge_watch() { ::close(fd_); }

std::uint32_t edge_watch::take() const noexcept {
  epoll_event came{};
  return epoll_wait(fd_, &came, 1, 0) == 1 ? came.events : 0;
}

bool is_of_socket(const operation& op) noexcept {
  switch (op.code) {
    case opcode::accept:
    case opcode::connect:
    case opcode::send:
    case opcode::send_zc:
    case opcode::sendmsg:
    case opcode::recv:
    case opcode::recvmsg: return true;
    default: return false;
  }
}

bool sends_all(const operation& op) noexcept {
  return (op.code == opcode::send || op.code == opcode::send_zc || op.code == opcode::sendmsg) &&
         (op.entry.op_flags & MSG_WAITALL) != 0;
}

bool may_wait(const operation& op) noexcept {
  switch (op.code) {
    case opcode::read:
    case opcode::read_fixed:
    case opcode::readv:
    case opcode::write:
    case opcode::write_fixed:
    case opcode::writev: return op.file != nullptr && !op.file->is_seekable();
    case opcode::splice:
    case opcode::tee: return splice_waits(op);
    default: return is_of_socket(op) || op.code == opcode::poll_add;
  }
}

pollfd readiness_of(const operation& op) noexcept {
  if (op.edges != nullptr) return {.fd = op.edges->fd(), .events = POLLIN, .revents = 0};
  // A splice waits for both.
  if (op.source != nullptr && !is_ready(op.source->fd(), POLLIN))
    return {.fd = op.source->fd(), .events = POLLIN, .revents = 0};
  return {.fd = op.file->fd(), .events = events_of(op), .revents = 0};
}

std::optional<std::int32_t> execute(operation& op) {
  switch (op.code) {
    case opcode::nop: return 0;
    case opcode::poll_add: return poll_add(op);
    case opcode::timeout: return -ETIME;
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
    case opcode::fadvise: return advise(op);
    case opcode::madvise: return advise_memory(op);
    case opcode::ftruncate:
      return result_of(ftruncate(op.file->fd(), static_cast<off_t>(op.entry.offset)));
    case opcode::statx: return statx_of(op);
    case opcode::openat: return openat_of(op);
    case opcode::close: return result_of(::close(op.entry.fd));
    case opcode::accept: return accept_one(op);
    case opcode::connect: return connect_to(op);
    case opcode::send:
    case opcode::sendmsg: return send_out(op);
    case opcode::send_zc:
      if (!can_send_zero_copy(op)) return -EOPNOTSUPP;
      return send_out(op);
    case opcode::recv:
    case opcode::recvmsg: return receive(op);
    case opcode::splice:
    case opcode::tee: return execute_splice(op);
    case opcode::getxattr:
    case opcode::setxattr:
    case opcode::fgetxattr:
    case opcode::fsetxattr: return execute_attribute(op);
    case opcode::shutdown:
      return result_of(shutdown(op.file->fd(), static_cast<int>(op.entry.length)));
    case opcode::mkdirat:
    case opcode::unlinkat:
    case opcode::symlinkat:
    case opcode::linkat:
    case opcode::renameat: return name_call(op);
    default: return execute_other(op);
  }
}

}  // namespace carousel::fake
