#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "fake/operation.hpp"

namespace carousel::fake {
namespace {

using detail::opcode;

std::int32_t result_of(ssize_t r) { return r < 0 ? -errno : static_cast<std::int32_t>(r); }

bool is_would_block(std::int32_t r) { return r == -EAGAIN || r == -EWOULDBLOCK; }

short events_at(int fd, short wanted) {
  pollfd one{.fd = fd, .events = wanted, .revents = 0};
  return poll(&one, 1, 0) > 0 ? one.revents : short{0};
}

bool is_nonblocking_pipe(const held_file& file) {
  return S_ISFIFO(file.type()) && (fcntl(file.fd(), F_GETFL) & O_NONBLOCK) != 0;
}

}  // namespace

bool splice_waits(const operation& op) noexcept {
  return op.entry.length != 0 && !is_nonblocking_pipe(*op.source) && !is_nonblocking_pipe(*op.file);
}

/// Without waiting, which only pipes are told: what has none of its own waits for nobody here.
std::optional<std::int32_t> execute_splice(const operation& op) {
  if (op.entry.length == 0) return 0;
  const auto bytes = std::min<std::size_t>(op.entry.length, op.limit);
  const unsigned flags = (op.entry.op_flags & ~splice_fd_in_fixed) | SPLICE_F_NONBLOCK;
  const auto answer = [&op](std::int32_t r) {
    return is_would_block(r) && splice_waits(op) ? std::nullopt : std::optional(r);
  };
  const int from = op.source->fd();
  const int to = op.file->fd();
  if (S_ISSOCK(op.source->type()) && events_at(from, POLLIN) == 0) return std::nullopt;
  // The kernel's worker has no signal for us, and we would have.
  if (S_ISFIFO(op.file->type()) && (events_at(to, POLLOUT) & POLLERR) != 0) return -EPIPE;
  if (op.code == opcode::tee) return answer(result_of(::tee(from, to, bytes, flags)));
  auto from_offset = static_cast<off64_t>(op.entry.address);
  auto to_offset = static_cast<off64_t>(op.entry.offset);
  return answer(result_of(
      ::splice(from, op.entry.address == detail::current_position ? nullptr : &from_offset, to,
               op.entry.offset == detail::current_position ? nullptr : &to_offset, bytes, flags)));
}

}  // namespace carousel::fake
