#include "carousel/detail/driver.hpp"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <new>
#include <span>

#include "carousel/detail/fork_epoch.hpp"
#include "carousel/detail/operation.hpp"
#include "driver/user_data.hpp"
#include "ring/ring.hpp"

namespace carousel::detail {
namespace {

/// One enter that cancels many operations is slow inside the kernel, so the loop looks at the clock between batches.
constexpr unsigned cancels_per_enter = 64;
constexpr unsigned slot_index_max = 1U << 24U;  // of user_data
constexpr unsigned submits_between_probes = 32;
/// An enter that the kernel refuses for want of something is tried again after pauses that grow, at least so often and so long;
/// then what it does not take fails.
constexpr unsigned refused_enters_max = 16;
constexpr std::chrono::milliseconds refused_for_max{1000};
constexpr std::chrono::milliseconds refused_pause_max{64};
/// Turns that did not wait before the coarse time is looked at again.
constexpr unsigned turns_between_clocks = 16;

[[nodiscard]] std::uint32_t milliseconds_of(steady_time t) noexcept {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(t.time_since_epoch()).count());
}

/// What the report of stuck operations says about an awaiter that is about to be gone.
void note_origin(slot& s, const operation_base& awaiter) noexcept {
  s.task = awaiter.task != nullptr ? awaiter.task->id : 0;
  // Every compiler begins a coroutine's frame with the address where it goes on.
  s.resumes_at = *static_cast<const void* const*>(awaiter.handle.address());
}

}  // namespace

driver::driver(const driver_options& options) noexcept : options_(options) {}

result<std::unique_ptr<driver>> driver::make(std::unique_ptr<sys::kernel> kernel,
                                             const driver_options& options) {
  watch_forks();
  auto made = ring::make(std::move(kernel), std::max(options.entries, 1U));
  if (!made) return std::unexpected(made.error());
  std::unique_ptr<driver> d(new driver(options));
  d->options_.slots_max = std::clamp(options.slots_max, chunk_slots, slot_index_max);
  d->ring_ = std::move(*made);
  sys::kernel& below = d->ring_->kernel();
  d->write_flags_ = below.has_nosignal() ? sys::rwf_nosignal : 0U;
  d->files_.open(below);
  d->buffers_.open(below);
  return d;
}

driver::~driver() {
  CAROUSEL_ASSERT(in_kernel_ == 0,
                  "a driver whose operations are still in the kernel must be leaked");
  for (slot* chunk : chunks_) {
    std::destroy_n(chunk, chunk_slots);
    ::operator delete(chunk, std::align_val_t{alignof(slot)});
  }
  if (event_fd_ >= 0) ::close(event_fd_);
}

bool driver::supports(opcode code) const noexcept {
  return ring_->kernel().supports(static_cast<std::uint8_t>(code));
}

steady_time driver::now() const noexcept { return ring_->kernel().now(); }

steady_time now() noexcept {
  return current_context != nullptr ? current_context->io->now() : std::chrono::steady_clock::now();
}

// Slots.

void driver::grow() {
  chunks_.reserve(chunks_.size() + 1);
  auto* chunk = static_cast<slot*>(
      ::operator new(sizeof(slot) * chunk_slots, std::align_val_t{alignof(slot)}));
  chunks_.push_back(chunk);
  for (unsigned i = chunk_slots; i-- > 0;) {
    slot* s = std::construct_at(chunk + i);
    s->index = slots_ + i;
    *reinterpret_cast<slot**>(s->payload) = free_;
    free_ = s;
  }
  slots_ += chunk_slots;
}

slot* driver::find(std::uint64_t user_data) noexcept {
  const auto index = static_cast<std::uint32_t>(user_data >> 32U) & 0xffffffU;
  if (index >= slots_) return nullptr;
  slot& s = chunks_[index / chunk_slots][index % chunk_slots];
  return s.generation == static_cast<std::uint32_t>(user_data) ? &s : nullptr;
}

void driver::wait_for_slot(operation_base& op) noexcept { waiting_.push_back(op); }

void driver::start_waiting() noexcept {
  while (!waiting_.empty() && (free_ != nullptr || slots_ < options_.slots_max)) {
    auto& op = static_cast<operation_base&>(waiting_.pop_front());
    try {
      op.begin(op, *this);
    } catch (const std::bad_alloc&) {
      op.failed = failure(std::errc::not_enough_memory);
      current_context->ready.push_back(op);
    }
  }
}

void driver::drop(slot& s) noexcept {
  const operation_base* awaiter = std::exchange(s.awaiter, nullptr);
  switch (s.state) {
    case slot_state::queued:
      s.unlink();
      if (std::exchange(s.uses_buffer_table, false)) buffers_.end_use();
      s.res = -ECANCELED;
      s.kind->dispose(s);
      release(s);
      return;
    case slot_state::submitted:
      s.state = slot_state::orphaned;
      note_origin(s, *awaiter);
      note_cancel(s);
      return;
    case slot_state::withdrawn: s.res = -ECANCELED; [[fallthrough]];
    case slot_state::done:
      s.kind->dispose(s);
      release(s);
      return;
    case slot_state::free:
    case slot_state::orphaned: break;
  }
  CAROUSEL_ASSERT(false, "an awaiter can only drop an operation that it owns");
}

void driver::note_cancel(slot& s) noexcept {
  if (std::exchange(s.stop_wanted, true)) return;
  to_cancel_.push_back(s);
}

void driver::request_stop(operation_base& op, ready_queue& ready) noexcept {
  if (op.at == nullptr) {
    if (op.failed != 0 || !op.linked()) return;  // not in line
    op.unlink();
    op.failed = failure(errc::canceled);
    ready.push_back(op);
    return;
  }
  slot& s = *op.at;
  if (s.state == slot_state::queued) {
    withdraw(s, -ECANCELED, ready);
  } else if (s.state == slot_state::submitted) {
    note_cancel(s);
  }
}

steady_time driver::wants_turn_at() const noexcept {
  return to_recancel_.empty() ? steady_time::max() : recancel_at_;
}

// The turn.

void driver::turn(ready_queue& ready, bool block, const steady_time* deadline) {
  if (turns_until_clock_-- == 0) {
    coarse_ms_ = milliseconds_of(ring_->kernel().coarse_now());
    turns_until_clock_ = turns_between_clocks;
  }
  if (!waiting_.empty()) start_waiting();
  if (!to_recancel_.empty()) {
    if (now() >= recancel_at_) {
      to_cancel_.splice_back(to_recancel_);
    } else if (deadline == nullptr || recancel_at_ < *deadline) {
      deadline = &recancel_at_;
    }
  }
  encode_queued(ready);
  if (!to_cancel_.empty()) encode_cancels();
  if (wake_.fd >= 0 && !encode_wake()) block = false;
  enter(ready, block && ready.empty() && to_cancel_.empty() && queue_.empty(), deadline);
  if (!to_drop_.empty()) dispose_dropped();
  buffers_.settle();
}

void driver::encode_queued(ready_queue& ready) {
  while (!queue_.empty()) {
    slot& s = queue_.front();
    if (!ring_->push(s.req, user_data_of(completion_kind::operation, s))) {
      check_enter(ring_->enter(0, false), ready);
      if (!s.linked()) return;  // it was withdrawn
      if (!ring_->push(s.req, user_data_of(completion_kind::operation, s))) return;
    }
    s.unlink();
    s.state = slot_state::submitted;
    s.submitted_ms = coarse_ms_;
    ++in_kernel_;
    ++counters_.submitted;
  }
}

void driver::encode_cancels() {
  for (unsigned sent = 0; sent < cancels_per_enter && !to_cancel_.empty(); ++sent) {
    // The newest first: the kernel finds the operations of one task in that order, and looking for the oldest among very
    // many is slow.
    slot& s = to_cancel_.back();
    const request cancel{.code = opcode::async_cancel,
                         .address = user_data_of(completion_kind::operation, s)};
    if (!ring_->push(cancel, user_data_of(completion_kind::cancel, s))) return;
    s.unlink();
    ++in_kernel_;
    ++counters_.cancels;
  }
}

void driver::enter(ready_queue& ready, bool block, const steady_time* deadline) {
  if (!block || (in_kernel_ == 0 && deadline == nullptr)) {
    if (ring_->unsubmitted() != 0 || ring_->wants_enter())
      check_enter(ring_->enter(0, true), ready);
    (void)reap(ready);
    return;
  }
  // Where operations finish while they are submitted (cached reads), asking for completions in a second call only if there
  // are none yet is the faster way; where they do not (devices, pipes), one call that submits and waits is.
  if (ring_->unsubmitted() != 0 && submits_until_probe_ == 0) {
    check_enter(ring_->enter(0, false), ready);
    if (reap(ready) != 0 || !ready.empty() || in_kernel_ == 0) return;
    submits_until_probe_ = submits_between_probes;
  } else if (ring_->has_completions()) {
    (void)reap(ready);
    return;
  }
  if (submits_until_probe_ > 0) --submits_until_probe_;
  if (deadline == nullptr) {
    check_enter(ring_->enter(1, true), ready);
  } else {
    const steady_time now = ring_->kernel().now();
    const std::chrono::nanoseconds timeout =
        std::max(*deadline, now) - now;  // a deadline may be as old as the clock can tell
    check_enter(ring_->enter(1, true, &timeout), ready);
  }
  turns_until_clock_ = 0;  // some time has passed
  (void)reap(ready);
}

void driver::check_enter(int result, ready_queue& ready) {
  ++counters_.enters;
  // EINTR: a signal ended the wait. ETIME: the deadline.
  if (result >= 0 || result == -EINTR || result == -ETIME) [[likely]] {
    refused_enters_ = 0;
    return;
  }
  CAROUSEL_ASSERT(result != -EBADR, "the kernel lost completions for want of memory");
  CAROUSEL_ASSERT(result != -EBADF && result != -EEXIST && result != -EOPNOTSUPP &&
                      result != -ENXIO && result != -EBADFD && result != -EFAULT,
                  "io_uring_enter refused the ring: was it used on another thread, or was its "
                  "descriptor closed?");
  // EAGAIN, EBUSY, ENOMEM: no memory for a request, or completions must be taken first; what was not submitted stays in the
  // queue and goes out with the next enter. Everything else (a filter's EPERM) will not change.
  const steady_time at = now();
  if (refused_enters_++ == 0) refused_since_ = at;
  const bool may_pass = result == -EAGAIN || result == -EBUSY || result == -ENOMEM;
  if (!may_pass ||
      (refused_enters_ >= refused_enters_max && at - refused_since_ >= refused_for_max)) {
    withdraw_unsubmitted(result, ready);
  }
  if (ring_->has_completions()) return;
  const unsigned doublings = std::min(refused_enters_, 6U);
  ring_->kernel().pause(std::min(std::chrono::milliseconds{1U << doublings}, refused_pause_max));
}

/// The operations that the kernel has not heard of fail with `error`; those that it has stay.
void driver::withdraw_unsubmitted(int error, ready_queue& ready) noexcept {
  ring_->take_back([&](std::uint64_t user_data) {
    --in_kernel_;
    if (kind_of(user_data) == completion_kind::wake) {
      (user_data == wake_user_data ? wake_.reading : wake_.canceled) = false;
      return;
    }
    slot* s = find(user_data);
    if (s == nullptr) return;
    if (kind_of(user_data) == completion_kind::operation) {
      withdraw(*s, error, ready);
    } else if (!s->linked() &&
               (s->state == slot_state::submitted || s->state == slot_state::orphaned)) {
      // Linked: it was taken back just before, and is on its way out.
      to_cancel_.push_back(*s);
    }
  });
  while (!queue_.empty()) withdraw(queue_.front(), error, ready);
}

void driver::withdraw(slot& s, int error, ready_queue& ready) noexcept {
  finish(s, s.state == slot_state::orphaned ? -ECANCELED : error, ready);
  if (s.state == slot_state::done) s.state = slot_state::withdrawn;
}

unsigned driver::reap(ready_queue& ready) {
  return ring_->reap([&](std::uint64_t user_data, std::int32_t res, std::uint32_t flags) {
    on_completion(user_data, res, flags, ready);
  });
}

void driver::on_completion(std::uint64_t user_data, std::int32_t res, std::uint32_t flags,
                           ready_queue& ready) {
  slot* s = find(user_data);
  switch (kind_of(user_data)) {
    case completion_kind::operation:
      if (s != nullptr && (s->state == slot_state::submitted || s->state == slot_state::orphaned)) {
        on_operation(*s, res, flags, ready);
        return;
      }
      break;
    case completion_kind::cancel:
      --in_kernel_;
      if (s != nullptr)
        on_cancel(*s, res);  // else the operation is over, and the slot may serve another
      return;
    case completion_kind::wake:
      --in_kernel_;
      if (user_data == wake_user_data) wake_.reading = false;
      return;
  }
  ++counters_.stray;
}

void driver::on_operation(slot& s, std::int32_t res, std::uint32_t flags,
                          ready_queue& ready) noexcept {
  if ((flags & sys::cqe_more) != 0) [[unlikely]] {
    on_item(s, res, flags);
    return;
  }
  --in_kernel_;
  if (res == -ECANCELED && !s.stop_wanted) [[unlikely]]
    res = unasked_cancel;
  // An open or a read by a worker may answer a cancel with the kernel's own restart codes.
  if (s.stop_wanted && (res == -EINTR || (res <= -512 && res >= -516))) [[unlikely]]
    res = -ECANCELED;
  finish(s, res, ready);
}

void driver::on_item(slot& s, std::int32_t res, std::uint32_t flags) noexcept {
  if (s.state == slot_state::submitted) {
    if (s.kind->item != nullptr) {
      s.kind->item(s, res, flags);
      return;
    }
    ++counters_.stray;
  }
  s.kind->discard_item(s, res);
}

void driver::finish(slot& s, std::int32_t res, ready_queue& ready) noexcept {
  s.res = res;
  s.unlink();  // from the submit list or the cancel lists
  if (std::exchange(s.uses_buffer_table, false)) buffers_.end_use();
  if (s.state == slot_state::orphaned) {
    to_drop_.push_back(s);
    return;
  }
  s.state = slot_state::done;
  ready.push_back(*s.awaiter);
}

void driver::on_cancel(slot& s, std::int32_t res) noexcept {
  // ENOENT and EALREADY do not mean finished: a read that a device or a worker executes answers so, and completes later.
  if (s.state != slot_state::orphaned && s.state != slot_state::submitted) return;
  if (res != -ENOENT && res != -EALREADY) return;
  if (s.linked()) return;  // its own completion came just before, and it is on its way out
  if (to_recancel_.empty()) {
    recancel_after_ = std::clamp(recancel_after_ * 2, std::chrono::milliseconds{10},
                                 std::chrono::milliseconds{1000});
    recancel_at_ = ring_->kernel().now() + recancel_after_;
  }
  to_recancel_.push_back(s);
}

void driver::dispose_dropped() noexcept {
  while (!to_drop_.empty()) {
    slot& s = to_drop_.pop_front();
    s.kind->dispose(s);
    release(s);
  }
  if (to_recancel_.empty() && to_cancel_.empty()) recancel_after_ = {};
}

}  // namespace carousel::detail
