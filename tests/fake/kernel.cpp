#include "fake/kernel.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdint>

namespace carousel::fake {
namespace {

using detail::opcode;

constexpr std::size_t table_max = 16'384;
constexpr std::size_t buffer_bytes_max = std::size_t{1} << 30U;

std::chrono::steady_clock::time_point first_moment(const kernel_options& options) {
  // A test beside which others act makes deadlines from the clock of the process.
  if (!options.closed_world) return std::chrono::steady_clock::now();
  return std::chrono::steady_clock::time_point(std::chrono::hours(1000));
}

}  // namespace

kernel::kernel(const kernel_options& options)
    : options_(options), random_(options.seed), start_(first_moment(options)), now_(start_) {
  trace_.set_options(options.describe());
}

kernel::~kernel() {
  if (event_fd_ >= 0) ::close(event_fd_);
  if (has_table_) check_table();
  const bool left_behind =
      std::ranges::any_of(files_, [](const auto& file) { return file != nullptr; });
  if (left_behind && options_.closed_world)
    trace_.fail(0, "the ring was closed with files in its table");
  if (operations_.empty()) return;
  trace_.fail(operations_.front().id, "the ring was closed with operations in flight");
}

result<sys::ring_view> kernel::setup(sys::ring_size size) {
  const unsigned least = options_.may_drop ? sys::droppable_entries_min : 1U;
  const unsigned sq_entries = std::bit_ceil(std::clamp(size.entries, least, sys::sq_entries_max));
  sqes_.resize(sq_entries);
  unsigned cq_entries = options_.small_cq ? sq_entries : sq_entries * 2;
  if (options_.may_drop) {
    cq_entries = sq_entries * sys::droppable_queue_factor;
    if (!options_.small_cq)
      cq_entries = std::bit_ceil(std::clamp(size.completions, cq_entries, sys::cq_entries_max));
  }
  cqes_.resize(cq_entries);
  return sys::ring_view{
      .sq_head = &sq_head_,
      .sq_tail = &sq_tail_,
      .sq_flags = &sq_flags_,
      .sq_entries = sq_entries,
      .sqes = sqes_.data(),
      .cq_head = &cq_head_,
      .cq_tail = &cq_tail_,
      .cq_entries = static_cast<std::uint32_t>(cqes_.size()),
      .cqes = cqes_.data(),
      .may_drop = options_.may_drop,
      .has_no_iowait = !options_.old_waits,
      .has_min_wait = !options_.old_waits,
      .forgets_signals = options_.forgotten_signals != 0,
      .signals_once = options_.signals_once,
  };
}

bool kernel::supports(std::uint8_t code) const noexcept {
  if (code == static_cast<unsigned>(opcode::send_zc) && options_.no_zero_copy) return false;
  return code < (options_.no_multishot ? op_socket : static_cast<unsigned>(opcode::ftruncate) + 1);
}

// Tables.

int kernel::register_buffers(std::span<const iovec> buffers) noexcept {
  if (has_table_) return -EBUSY;
  if (buffers.empty() || buffers.size() > table_max) return -EINVAL;
  std::vector<std::uint64_t> declarations;
  for (const iovec& b : buffers) {
    if (b.iov_base == nullptr && b.iov_len == 0) {
      declarations.push_back(0);
      continue;
    }
    const auto begin = reinterpret_cast<std::uintptr_t>(b.iov_base);
    if (b.iov_len == 0 || b.iov_len > buffer_bytes_max) return -EFAULT;
    if (begin + b.iov_len < begin) return -EOVERFLOW;
    declarations.push_back(declared_memory::find(b.iov_base, b.iov_len));
    if (options_.closed_world && declarations.back() == 0)
      trace_.fail(0, "memory was registered that is nobody's buffer");
    if (declarations.back() == 0 && !is_writable(b.iov_base, b.iov_len)) return -EFAULT;
  }
  if (random_.chance(options_.refused_buffers)) return random_.chance(500) ? -ENOMEM : -EPERM;
  has_table_ = true;
  table_.assign(buffers.begin(), buffers.end());
  table_declarations_ = std::move(declarations);
  note(0, "registered buffers", static_cast<std::int64_t>(table_.size()));
  return 0;
}

/// Registered memory is pinned: it must still be what it was, or somebody else uses it by now.
void kernel::check_table() const {
  if (!options_.closed_world) return;
  for (std::size_t i = 0; i < table_.size(); ++i) {
    if (declared_memory::find(table_[i].iov_base, table_[i].iov_len) == table_declarations_[i])
      continue;
    trace_.fail(0, "memory was freed while it was registered");
  }
}

int kernel::unregister_buffers() noexcept {
  if (!has_table_) return -ENXIO;
  const auto user = std::ranges::find_if(operations_, [](const operation& op) {
    return op.code == opcode::read_fixed || op.code == opcode::write_fixed;
  });
  if (user != operations_.end() && options_.strict) {
    trace_.fail(user->id,
                "unregister_buffers() with an operation in flight blocks up to Linux 6.12");
  }
  check_table();
  has_table_ = false;
  table_.clear();
  note(0, "unregistered the buffers");
  return 0;
}

int kernel::register_files(unsigned count) noexcept {
  if (!files_.empty()) return -EBUSY;
  if (random_.chance(options_.refused_files)) return -EMFILE;
  files_.resize(count);
  return 0;
}

int kernel::update_file(unsigned index, int fd) noexcept {
  if (files_.empty()) return -ENXIO;
  if (index >= files_.size()) return -EINVAL;
  if (fd == -1) {
    files_[index] = nullptr;
    return 1;
  }
  if (random_.chance(options_.refused_files)) return -ENOMEM;
  files_[index] = holder_.hold(fd);
  return files_[index] != nullptr ? 1 : -EBADF;
}

int kernel::register_eventfd(int fd) noexcept {
  if (event_fd_ >= 0) ::close(event_fd_);
  event_fd_ = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  told_of_eventfd_ = false;
  return event_fd_ >= 0 ? 0 : -EBADF;
}

// The system call.

int kernel::enter_indirect(unsigned to_submit, unsigned min_complete, unsigned flags,
                           const std::chrono::nanoseconds* timeout) noexcept {
  if (observer_) observer_(min_complete);
  if ((flags & sys::enter_no_iowait) != 0 && options_.old_waits) {
    if (options_.strict) trace_.fail(0, "an enter had a flag that this kernel does not know");
    return -EINVAL;
  }
  if (min_complete > 1 && options_.old_waits && options_.strict)
    trace_.fail(0, "an enter wants several completions, of a kernel that would wait for ever");
  now_ += some_time(options_.turn_max);
  if (random_.chance(options_.refused)) {
    static constexpr int errors[] = {-EAGAIN, -EBUSY, -ENOMEM, -EINTR};
    const int error = errors[random_.below(std::size(errors))];
    note(0, "enter refused", error);
    return error;
  }
  if (random_.chance(options_.denied)) {
    note(0, "enter denied");
    return -EPERM;
  }
  const unsigned queued = std::min(to_submit, sq_tail_ - sq_head_);
  const bool cut = queued > 1 && random_.chance(options_.partial);
  const unsigned submitted =
      consume(cut ? cut_at(1 + static_cast<unsigned>(random_.below(queued - 1))) : queued);
  int result = static_cast<int>(submitted);
  if (!cut && (flags & sys::enter_getevents) != 0) {
    const auto before = now_;
    const bool counts = (flags & sys::enter_no_iowait) == 0 && !operations_.empty();
    result = wait(min_complete, timeout, submitted);
    if (counts) waited_as_io_ += now_ - before;
  } else if (options_.posts_early) {
    progress();
  }
  flag_pending_work();
  return result;
}

/// How many entries are consumed where so many would be.
unsigned kernel::cut_at(unsigned count) const noexcept {
  const auto links = [&](unsigned i) {
    return (sqes_[(sq_head_ + i) & (sqes_.size() - 1)].sqe_flags & detail::sqe_io_link) != 0;
  };
  while (!options_.cuts_chains && links(count - 1)) ++count;
  return count;
}

int kernel::wait(unsigned min_complete, const std::chrono::nanoseconds* timeout,
                 unsigned submitted) {
  using clock = std::chrono::steady_clock;
  const clock::time_point deadline =
      timeout != nullptr && *timeout < clock::time_point::max() - now_ ? now_ + *timeout
                                                                       : clock::time_point::max();
  unsigned wanted = std::min(min_complete, static_cast<unsigned>(cqes_.size()));
  const clock::time_point several_until =
      wanted > 1 ? now_ + sys::several_wait : clock::time_point::max();
  const auto result = [&](int error) {  // a submission hides how the wait ended
    return submitted != 0 ? static_cast<int>(submitted) : error;
  };
  for (;;) {
    flush_overflow();
    progress();
    if (wanted > 1 && now_ >= several_until) wanted = 1;
    if (visible() >= wanted) return static_cast<int>(submitted);
    if (random_.chance(options_.signals)) {
      note(0, "a signal ended the wait");
      return result(-EINTR);
    }
    clock::time_point next = next_event();
    // Linux does not look at the timeout before that.
    if (wanted > 1) next = std::min(next, several_until);
    if ((next <= deadline || wanted > 1) && next != clock::time_point::max()) {
      now_ = next;
    } else if (deadline != clock::time_point::max()) {
      now_ = std::max(now_, deadline);
      progress();
      return visible() >= wanted ? static_cast<int>(submitted) : result(-ETIME);
    } else if (!wait_outside()) {
      trace_.fail(operations_.empty() ? 0 : operations_.front().id,
                  "the loop waits for completions that nothing can bring");
    }
  }
}

std::chrono::steady_clock::time_point kernel::next_event() const noexcept {
  auto next = std::chrono::steady_clock::time_point::max();
  for (const operation& op : operations_) {
    if (op.due > now_) next = std::min(next, op.due);
  }
  return next;
}

std::chrono::nanoseconds kernel::some_time(std::chrono::nanoseconds highest) {
  return std::chrono::nanoseconds(random_.below(static_cast<std::uint64_t>(highest.count())));
}

void kernel::note(std::uint64_t operation, const char* what, std::int64_t detail) {
  trace_.add(now_ - start_, operation, what, detail);
}

std::int32_t kernel::misuse(const operation& op, std::string_view sentence,
                            std::int32_t error) const {
  if (options_.strict) trace_.fail(op.id, sentence);
  return error;
}

// What tests do.

bool kernel::uses_file(ino_t inode) const noexcept {
  if (sq_head_ != sq_tail_)
    return true;  // an entry that an enter left in the queue may name any file
  return std::ranges::any_of(operations_, [&](const operation& op) {
    return op.file != nullptr && op.file->inode() == inode;
  });
}

bool kernel::writes_to(ino_t inode, std::uint64_t begin, std::uint64_t end) const noexcept {
  if (sq_head_ != sq_tail_) return true;
  return std::ranges::any_of(operations_, [&](const operation& op) {
    if (op.file == nullptr || op.file->inode() != inode || op.stores || op.lent.empty())
      return false;
    std::uint64_t last = op.entry.offset;
    for (const iovec& piece : op.lent) last += piece.iov_len;
    return op.entry.offset < end && begin < last;
  });
}

std::chrono::steady_clock::time_point kernel::due_of(const operation& op) const noexcept {
  const bool by_boot = (op.entry.op_flags & timeout_boottime) != 0;
  return std::chrono::steady_clock::time_point(by_boot ? op.until - suspended_ : op.until);
}

void kernel::suspend(std::chrono::nanoseconds duration) noexcept {
  suspended_ += duration;
  for (operation& op : operations_) {
    if (op.code == detail::opcode::timeout && op.at == stage::waiting) op.due = due_of(op);
  }
}

void kernel::release_stuck() noexcept {
  options_.stuck = 0;
  for (operation& op : operations_) {
    if (!op.stuck) continue;
    op.stuck = false;
    op.at = stage::waiting;
    op.due = now_;
  }
}

void kernel::finish_late() {
  release_stuck();
  late_ = true;
  options_.batch_max = static_cast<unsigned>(operations_.size()) + 1;
  for (operation& op : operations_) {
    if (op.at != stage::linked) op.due = now_;
  }
  progress();
  // What waits for somebody else stays so until the process ends; its memory is not asked for any
  // more.
  for (const operation& op : operations_) check_lent(op);
  operations_.clear();
  files_.clear();
}

}  // namespace carousel::fake
