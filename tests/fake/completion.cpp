#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "fake/kernel.hpp"

// How the fake kernel ends operations: what is due, in which order, and into which queue.

namespace carousel::fake {
namespace {

using detail::opcode;

constexpr std::uint32_t cqe_notif = 1U << 3U;
constexpr std::int32_t notif_usage_copied = INT32_MIN;
constexpr int outside_wait_ms = 10'000;

/// Of an operation that has ended with EPIPE.
bool raises_sigpipe(const operation& op) noexcept {
  if (op.code == opcode::splice) return false;  // a worker's signals are its own
  const bool sends =
      op.code == opcode::send || op.code == opcode::send_zc || op.code == opcode::sendmsg;
  const std::uint32_t quiet = sends ? std::uint32_t{MSG_NOSIGNAL} : sys::rwf_nosignal;
  return (op.entry.op_flags & quiet) == 0;
}

}  // namespace

void kernel::progress() {
  for (unsigned posted = 0; posted < options_.batch_max;) {
    std::vector<op_list::iterator> due = candidates();
    if (due.empty()) return;
    bool any = false;
    while (!due.empty() && posted < options_.batch_max) {
      const std::size_t pick = random_.chance(options_.reorder)
                                   ? static_cast<std::size_t>(random_.below(due.size()))
                                   : 0;
      const auto chosen = due[pick];
      due.erase(due.begin() + static_cast<std::ptrdiff_t>(pick));
      if (!step(chosen)) continue;
      any = true;
      ++posted;
    }
    if (!any) return;
  }
}

void kernel::cancel(operation& request) {
  const auto target = std::ranges::find_if(operations_, [&](const operation& op) {
    return op.entry.user_data == request.entry.address && op.code != opcode::async_cancel &&
           op.at != stage::linked;
  });
  request.at = stage::finished;
  if (target == operations_.end() || target->at == stage::finished) {
    request.res = -ENOENT;
  } else if (target->at == stage::running) {
    request.res = random_.chance(500) ? -ENOENT : -EALREADY;
  } else if (target->at == stage::waiting && target->code != opcode::futex_wait &&
             random_.chance(options_.cancel_restarts)) {
    request.res =
        -EALREADY;  // a worker that can be interrupted; a close is done by then all the same
    if (target->code == opcode::close) (void)run(*target);
    target->res = random_.chance(500) ? -512 : -EINTR;
    target->at = stage::finished;
    target->due = now_ + some_time(options_.delay_max);
  } else {
    request.res = target->code == opcode::futex_wait ? 1 : 0;  // how many were ended
    target->res = target->moved != 0 ? static_cast<std::int32_t>(target->moved) : -ECANCELED;
    target->at = stage::finished;
    target->due = now_ + some_time(options_.delay_max);
  }
  if (target != operations_.end()) note(target->id, "cancel asked, answer", request.res);
}

/// What could complete now, the longest due first.
std::vector<kernel::op_list::iterator> kernel::candidates() {
  std::vector<op_list::iterator> due;
  std::vector<op_list::iterator> armed;
  std::vector<pollfd> files;
  for (auto op = operations_.begin(); op != operations_.end(); ++op) {
    if (op->due > now_ || op->at == stage::linked) continue;
    if (op->at == stage::armed) {
      armed.push_back(op);
      files.push_back(readiness_of(*op));
    } else {
      due.push_back(op);
    }
  }
  if (!files.empty() && poll(files.data(), files.size(), 0) > 0) {
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (files[i].revents != 0) due.push_back(armed[i]);
    }
  }
  std::ranges::sort(due, [](const auto& a, const auto& b) {
    return a->due != b->due ? a->due < b->due : a->id < b->id;
  });
  return due;
}

/// False if it has to go on waiting.
bool kernel::step(op_list::iterator self) {
  operation& op = *self;
  if (op.at == stage::armed || op.at == stage::waiting) {
    check_lent(op);
    const std::optional<std::int32_t> res = run(op);
    if (!res) return false;
    op.res = *res;
    if (announce(op)) return true;
    if (is_of_socket(op) && random_.chance(options_.untold)) {
      op.at = stage::running;
      op.due = now_ + std::chrono::microseconds(1) + some_time(options_.delay_max);
      note(op.id, "is done, result to come", op.res);
      return false;
    }
  }
  complete(self, op.res);
  return true;
}

bool kernel::announce(const operation& op) {
  const bool goes_on = op.edges != nullptr ||
                       (op.code == opcode::accept && (op.entry.ioprio & accept_multishot) != 0);
  if (!goes_on || op.res < 0 || !overflow_.empty() || visible() == cqes_.size()) return false;
  if (random_.chance(options_.cut_short)) return false;
  note(op.id, "goes on after", op.res);
  post({.user_data = op.entry.user_data, .res = op.res, .flags = sys::cqe_more});
  return true;
}

/// A zero-copy send that has begun tells of its result, and of its memory some time later.
bool kernel::tell_result_first(operation& op, std::int32_t res) {
  if (op.code != opcode::send_zc || op.result_told || op.lent.empty()) return false;
  const bool fails = options_.failed != 0 || options_.interrupted != 0 || options_.canceled != 0;
  if (res < 0 && fails && random_.chance(300)) return false;  // it was refused before it began
  note(op.id, "goes on after its result", res);
  op.result_told = true;
  op.at = stage::finished;
  op.file = nullptr;
  const bool reports = (op.entry.ioprio & send_report_usage) != 0;
  op.res = reports && (res < 0 || random_.chance(options_.copied)) ? notif_usage_copied : 0;
  op.due = now_ + some_time(options_.delay_max);
  post({.user_data = op.entry.user_data, .res = res, .flags = sys::cqe_more});
  return true;
}

void kernel::complete(op_list::iterator self, std::int32_t res) {
  operation& op = *self;
  if (tell_result_first(op, res)) return;
  note(op.id, "completed with", res);
  if (!op.lent.empty()) {
    check_lent(op);
    if (res >= 0 && op.stores) store(op, res);
    if (res >= 0 && op.stores && op.header != nullptr) store_header(op);
    for (const iovec& piece : op.lent) lent_.give_back(piece);
  }
  if (res == -EPIPE && !options_.no_nosignal && raises_sigpipe(op))
    (void)misuse(op, "a write or a send that did not ask for no signal raised SIGPIPE", res);
  const sys::cqe done{
      .user_data = op.entry.user_data, .res = res, .flags = op.result_told ? cqe_notif : 0};
  const std::uint64_t next = op.next;
  const bool broken = breaks_chain(op, res);
  operations_.erase(self);
  post(done);
  go_on_after(next, broken);
}

/// The memory is as it was when it was lent: nobody has freed it, and nobody but the kernel has
/// written there.
void kernel::check_lent(const operation& op) {
  for (std::size_t i = 0; i < op.lent.size(); ++i) {
    const iovec& piece = op.lent[i];
    if (piece.iov_len == 0) continue;
    if (op.declarations[i] != declared_memory::find(piece.iov_base, piece.iov_len))
      trace_.fail(op.id, "memory was freed while the kernel had it");
    if (late_) continue;  // it may be kept, but not mapped any more
    if (op.declarations[i] == 0 && !is_mapped(piece.iov_base, piece.iov_len))
      trace_.fail(op.id, "memory was freed while the kernel had it");
  }
  if (!late_ && fingerprint(op.lent) != op.content)
    trace_.fail(op.id, "memory was written while the kernel had it");
}

void kernel::store(operation& op, std::int32_t res) {
  if (op.staged == nullptr) return;
  const std::byte* from = op.staged->first;
  // With MSG_TRUNC the result is the length of a message that was longer.
  auto left = std::min(static_cast<std::size_t>(res), op.staged->bytes);
  if (op.code == opcode::statx) left = op.staged->bytes;
  for (const iovec& piece : op.lent) {
    const std::size_t n = std::min(left, piece.iov_len);
    (late_ ? copy_bytes_if_mapped : copy_bytes)(static_cast<std::byte*>(piece.iov_base), from, n);
    from += n;
    left -= n;
  }
}

/// What recvmsg(2) writes into the header that it was given, and to where that points.
void kernel::store_header(const operation& op) {
  auto* const header = reinterpret_cast<msghdr*>(static_cast<std::uintptr_t>(op.entry.address));
  const message& got = *op.header;
  if (!late_ && (!is_mapped(header, sizeof *header) || is_poisoned(header, sizeof *header)))
    trace_.fail(op.id, "a message header was gone when the kernel stored into it");
  msghdr told = got.asked;
  told.msg_controllen = got.control.size();
  told.msg_flags = got.flags;
  const auto put = late_ ? copy_bytes_if_mapped : copy_bytes;
  put(reinterpret_cast<std::byte*>(header), reinterpret_cast<const std::byte*>(&told), sizeof told);
  put(static_cast<std::byte*>(told.msg_name), got.name.data(), got.name.size());
  put(static_cast<std::byte*>(told.msg_control), got.control.data(), got.control.size());
}

void kernel::signal() noexcept {
  if (random_.chance(options_.forgotten_signals)) return;
  const std::uint64_t one = 1;
  if (event_fd_ >= 0) (void)!::write(event_fd_, &one, sizeof one);
}

void kernel::post(const sys::cqe& done) {
  signal();
  if (!overflow_.empty() || visible() == cqes_.size()) {
    overflow_.push_back(done);
    sq_flags_ |= sys::sq_cq_overflow;
    return;
  }
  cqes_[cq_tail_ & (cqes_.size() - 1)] = done;
  ++cq_tail_;
}

void kernel::flush_overflow() {
  while (!overflow_.empty() && visible() < cqes_.size()) {
    cqes_[cq_tail_ & (cqes_.size() - 1)] = overflow_.front();
    ++cq_tail_;
    overflow_.pop_front();
  }
  if (overflow_.empty()) sq_flags_ &= ~sys::sq_cq_overflow;
}

/// At the end of an enter: what it has left behind is flagged, and no eventfd tells of it.
void kernel::flag_pending_work() {
  const auto due = [&](const operation& op) { return op.due <= now_; };
  // A file may become ready between two enters, when nothing runs here: where nobody looks then, a
  // flag too many does no harm.
  const bool some = looked_at_ ? !candidates().empty() : std::ranges::any_of(operations_, due);
  sq_flags_ = some ? sq_flags_ | sys::sq_taskrun : sq_flags_ & ~sys::sq_taskrun;
}

void kernel::relax() noexcept {
  now_ += std::chrono::microseconds(1);
  if (options_.posts_early) progress();
  flag_pending_work();
}

/// What became ready first between two enters.
void kernel::announce_ready(const operation& first) noexcept {
  sq_flags_ |= sys::sq_taskrun;
  const bool is_eventfd = first.file != nullptr && first.file->type() == 0;
  if (options_.signals_once && is_eventfd && std::exchange(told_of_eventfd_, true)) return;
  signal();
}

bool kernel::has_signal() const noexcept {
  pollfd fd{.fd = event_fd_, .events = POLLIN, .revents = 0};
  return event_fd_ >= 0 && poll(&fd, 1, 0) > 0;
}

void kernel::wait_for_signal(std::chrono::nanoseconds at_most) {
  using clock = std::chrono::steady_clock;
  if (!std::exchange(looked_at_, true)) flag_pending_work();
  const clock::time_point deadline =
      at_most < clock::time_point::max() - now_ ? now_ + at_most : clock::time_point::max();
  for (;;) {
    // The first thing that becomes ready tells, and no other one until an enter has looked.
    if ((sq_flags_ & sys::sq_taskrun) == 0) {
      if (const auto due = candidates(); !due.empty()) announce_ready(*due.front());
    }
    if (has_signal() || now_ >= deadline) return;
    const clock::time_point next = std::min(next_event(), deadline);
    if (next != clock::time_point::max()) {
      now_ = next;
    } else if (!wait_outside(event_fd_)) {
      trace_.fail(0, "the program waits for what nothing will bring");
    }
  }
}

/// Waits until somebody outside the runtime makes a file ready, or writes to this eventfd; false if
/// nobody is there, or comes.
bool kernel::wait_outside(int event_fd) const {
  if (options_.closed_world) return false;
  std::vector<pollfd> files;
  if (event_fd >= 0) files.push_back({.fd = event_fd, .events = POLLIN, .revents = 0});
  for (const operation& op : operations_) {
    if (op.at == stage::armed) files.push_back(readiness_of(op));
  }
  return !files.empty() && poll(files.data(), files.size(), outside_wait_ms) > 0;
}

}  // namespace carousel::fake
