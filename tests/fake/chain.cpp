#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <numeric>
#include <utility>

#include "fake/kernel.hpp"

// How the fake kernel begins requests that are linked, and what becomes of those behind one that
// did not wholly succeed.

namespace carousel::fake {

using detail::opcode;

bool breaks_chain(const operation& op, std::int32_t res) noexcept {
  switch (op.code) {
    case opcode::fsync:
    case opcode::fallocate:
    case opcode::ftruncate:
    case opcode::statx:
    case opcode::shutdown:
    case opcode::mkdirat:
    case opcode::unlinkat:
    case opcode::renameat:
    case opcode::symlinkat:
    case opcode::linkat:
    case opcode::getxattr:
    case opcode::setxattr:
    case opcode::fgetxattr:
    case opcode::fsetxattr: return false;  // not even an error does
    default: break;
  }
  if (res < 0) return true;
  switch (op.code) {
    case opcode::read:
    case opcode::read_fixed:
    case opcode::readv:
    case opcode::write:
    case opcode::write_fixed:
    case opcode::writev: break;
    case opcode::send:
    case opcode::sendmsg:
    case opcode::recv:
    case opcode::recvmsg:
      if ((op.entry.op_flags & MSG_WAITALL) == 0) return false;
      break;
    case opcode::splice:
    case opcode::tee: return static_cast<std::uint32_t>(res) != op.entry.length;
    default: return false;
  }
  return static_cast<std::size_t>(res) <
         std::accumulate(
             op.lent.begin(), op.lent.end(), std::size_t{0},
             [](std::size_t sum, const iovec& p) { return sum + p.iov_len; });
}

void kernel::join_chain(op_list::iterator self, std::int32_t error) {
  self->at = stage::linked;
  self->due = std::chrono::steady_clock::time_point::max();
  self->res = error != 0 ? error : -ECANCELED;  // of what is never begun
  // Which file a number means is looked up when it begins.
  if (error != 0 && error != -EBADF) chain_failed_ = true;
  if (!chain_.empty()) chain_.back()->next = self->id;
  chain_.push_back(self);
}

/// All of a chain has been taken, or all that this enter takes. One that cannot be begun keeps the
/// others from it, also those before it.
void kernel::begin_chain() {
  const std::vector<op_list::iterator> all = std::exchange(chain_, {});
  if (std::exchange(chain_failed_, false)) {
    for (const auto op : all) {
      op->next = 0;
      complete(op, op->res);
    }
    return;
  }
  go_on_after(all.front()->id, false);
}

void kernel::go_on_after(std::uint64_t next, bool broken) {
  while (next != 0) {
    const auto op = std::ranges::find(operations_, next, &operation::id);
    if (!broken) {
      op->due = now_;
      op->at = stage::finished;
      if (const std::int32_t error = std::exchange(op->res, 0); error != -ECANCELED) {
        complete(op, error);
      } else {
        schedule(op);
      }
      return;
    }
    next = std::exchange(op->next, 0);
    complete(op, -ECANCELED);
  }
}

}  // namespace carousel::fake
