#include "carousel/detail/driver/driver.hpp"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <new>

#include "carousel/detail/driver/fork_epoch.hpp"
#include "carousel/detail/driver/operation.hpp"
#include "driver/turn.hpp"
#include "ring/ring.hpp"

namespace carousel::detail {
namespace {

/// One enter that cancels many operations is slow inside the kernel, so the loop looks at the clock between batches.
constexpr unsigned cancels_per_enter = 64;
/// The read that others wake us by, and its cancel.
constexpr unsigned wake_requests = 2;
/// What may be in the kernel beside operations: as many requests that were taken back as the submission queue has entries.
[[nodiscard]] constexpr unsigned other_requests(unsigned entries,
                                                unsigned cancels = cancels_per_enter) noexcept {
  return entries + wake_requests + cancels;
}
/// An enter that the kernel refuses for want of something is tried again after pauses that grow, at least so often and so long;
/// then what it does not take fails.
constexpr unsigned refused_enters_max = 16;
constexpr std::chrono::milliseconds refused_for_max{1000};
constexpr std::chrono::milliseconds refused_pause_max{64};

/// After these answers of an enter the operations in the kernel can never be heard of again.
struct end_of_a_ring {
  int error;
  const char* sentence;
};
constexpr std::array<end_of_a_ring, 7> ends_of_a_ring = {{
    {EBADF,
     "io_uring_enter: EBADF (9): the ring's descriptor was closed behind the library's back"},
    {EOPNOTSUPP,
     "io_uring_enter: EOPNOTSUPP (95): the ring's descriptor was closed behind the library's back, "
     "and its number is another file's by now"},
    {EEXIST,
     "io_uring_enter: EEXIST (17): the ring was used on another thread than that which made it"},
    {ENXIO, "io_uring_enter: ENXIO (6): the kernel is taking the ring down"},
    {EBADFD, "io_uring_enter: EBADFD (77): the ring was switched off"},
    {EFAULT, "io_uring_enter: EFAULT (14): the stack of this thread cannot be read"},
    {EBADR, "io_uring_enter: EBADR (53): the kernel lost completions for want of memory"},
}};

/// Of the completion of a request that was taken back.
constexpr std::uint64_t nothing_user_data = user_data_of(completion_kind::nothing);

[[nodiscard]] completion_kind kind_of(std::uint64_t user_data) noexcept {
  return static_cast<completion_kind>(user_data >> 24U);
}

/// The name of the operation that a cancel of this name is for, and the other way round.
[[nodiscard]] std::uint64_t counterpart(std::uint64_t user_data) noexcept {
  return user_data ^ user_data_of(completion_kind::operation) ^
         user_data_of(completion_kind::cancel);
}

}  // namespace

void operation_base::abandon() noexcept {
  if (at != no_slot()) io->drop(*at);
  forget();
}

driver::driver(const driver_options& options) noexcept : options_(options) {}

result<std::unique_ptr<driver>> driver::make(std::unique_ptr<sys::kernel> kernel,
                                             const driver_options& options) {
  watch_forks();
  const unsigned slots = std::clamp(options.slots_max, chunk_slots, slot_index_max);
  const unsigned entries = std::clamp(options.entries, 1U, sys::sq_entries_max);
  auto made = ring::make(std::move(kernel),
                         {.entries = entries, .completions = slots + other_requests(entries)},
                         options.iowait);
  if (!made) return std::unexpected(made.error());
  std::unique_ptr<driver> d(new driver(options));
  d->options_.slots_max = slots;
  d->ring_ = std::move(*made);
  d->queue_ = d->ring_.get();
  d->hold_back();
  sys::kernel& below = d->ring_->kernel();
  d->write_flags_ = below.has_nosignal() ? sys::rwf_nosignal : 0U;
  d->files_.open(below);
  d->buffers_.open(below);
  d->grow();
  d->first_chunk_ = d->chunks_.front();
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

bool driver::memlock_binds() const noexcept { return ring_->kernel().memlock_binds(); }

steady_time driver::now() const noexcept { return ring_->kernel().now(); }

steady_time now() noexcept {
  return current_context != nullptr ? current_context->io->now() : std::chrono::steady_clock::now();
}

// Slots.

/// Where a completion may be lost for want of room, the requests in the kernel never outnumber the places of the completion queue:
/// those of operations stand in line before. The ring was asked for a place for each operation that there may be, so that this is no
/// narrower than the limit that the program has set, unless the kernel has no memory for such a queue.
void driver::hold_back() noexcept {
  const std::size_t places = ring_->completions_max();
  if (places == ring::unlimited) return;
  cancels_max_ = std::clamp(static_cast<unsigned>(places) / 8, 1U, cancels_per_enter);
  const unsigned others = other_requests(queue_->requests_max(), cancels_max_);
  options_.slots_max = std::min(options_.slots_max, static_cast<unsigned>(places) - others);
}

void driver::grow() {
  chunks_.reserve(chunks_.size() + 1);
  auto* chunk = static_cast<slot*>(
      ::operator new(sizeof(slot) * chunk_slots, std::align_val_t{alignof(slot)}));
  chunks_.push_back(chunk);
  for (unsigned i = chunk_slots; i-- > 0;) {
    slot* s = std::construct_at(chunk + i);
    s->name = user_data_generation + user_data_of(completion_kind::operation, slots_ + i);
    if (slots_ + i < options_.slots_max) s->next_free = std::exchange(free_, s);
  }
  slots_ += chunk_slots;
}

/// The slot that a completion says it is about: it may say anything.
slot* driver::at_index_of(std::uint64_t user_data) noexcept {
  const auto index = static_cast<std::uint32_t>(user_data) & (slot_index_max - 1);
  return index < slots_ ? &chunks_[index / chunk_slots][index % chunk_slots] : nullptr;
}

void driver::wait_to_start(operation_base& op) noexcept {
  waiting_.push_back(op);
  errands_ = true;
}

void driver::start_waiting(ready_queue& ready) {
  while (!waiting_.empty()) {
    if (!has_place()) {
      if (queue_->has_room()) return;
      make_room(ready);
      if (!has_place()) return;
    }
    auto& op = static_cast<operation_base&>(waiting_.pop_front());
    try {
      op.begin(op, *this);
    } catch (const std::bad_alloc&) {
      op.failed = failure(std::errc::not_enough_memory);
      ready.push_back(op);
    }
  }
}

void driver::make_room(ready_queue& ready) { check_enter(ring_->enter(0, false), ready); }

void driver::end_awaiter_of(slot& s) noexcept {
  take_over(s);
  switch (s.state) {
    case slot_state::submitted:
      if (!take_back(s)) {
        s.state = slot_state::orphaned;
        note_cancel(s);
        return;
      }
      finish(s, -ECANCELED);
      dispose(s);
      return;
    case slot_state::withdrawn: s.res = -ECANCELED; [[fallthrough]];
    case slot_state::done: dispose(s); return;
    case slot_state::free:
    case slot_state::orphaned: break;
  }
  CAROUSEL_ASSERT(false, "an awaiter can only drop an operation that it owns");
}

/// The awaiter of an operation goes, and with it perhaps what others wait for.
void driver::drop(slot& s) noexcept {
  end_awaiter_of(s);
  if (awaited_outside() && wants_turn()) ask_for_turn();
}

/// The awaiter goes, and what its operation holds stays.
void driver::take_over(slot& s) noexcept {
  s.kind->take_over(s);
  const operation_base& awaiter = *std::exchange(s.awaiter, nullptr);
  s.task = awaiter.task != nullptr ? awaiter.task->id : 0;
  // Every compiler begins a coroutine's frame with the address where it goes on.
  s.resumes_at = *static_cast<const void* const*>(awaiter.handle.address());
}

void driver::dispose(slot& s) noexcept {
  s.kind->dispose(s);
  const fd_ref file(std::exchange(s.file, nullptr));
  if (file) file->end_operation();
  release(s);
}

/// False: the kernel has consumed the request.
bool driver::take_back(slot& s) noexcept {
  // In a child of fork() the queue is the parent's, and not even mapped.
  if (forks_ != forks || !queue_->contains(s.place, s.name)) return false;
  in_kernel_ -= queue_->take_back(s.place, nothing_user_data);
  --counters_.submitted;
  return true;
}

void driver::note_cancel(slot& s) noexcept {
  if (std::exchange(s.stop_wanted, true)) return;
  recancel_after_ = {};  // the pauses that others have grown to are not for this one
  to_cancel_.push_back(s);
  errands_ = true;
}

void driver::request_stop(operation_base& op, ready_queue& ready) noexcept {
  if (op.at == operation_base::no_slot()) {
    if (op.failed != 0 || !op.linked()) return;  // not in line
    op.unlink();
    op.failed = failure(errc::canceled);
    ready.push_back(op);
    return;
  }
  slot& s = *op.at;
  if (s.state != slot_state::submitted) return;
  if (take_back(s)) {
    withdraw(s, -ECANCELED, ready);
  } else {
    note_cancel(s);
  }
}

bool driver::has_completions() const noexcept { return ring_->has_completions(); }

steady_time driver::wants_turn_at() const noexcept {
  return to_recancel_.empty() ? steady_time::max() : recancel_at_;
}

void driver::leave_buffers() noexcept {
  std::size_t users = 0;
  for_each_slot([&](const slot& s) {
    if (held_by_kernel(s) && uses_buffer_table(s.code)) ++users;
  });
  buffers_.leave(users);
  errands_ = true;
}

// The turn.

void driver::encode_cancels() {
  for (unsigned sent = 0; sent < cancels_per_enter && !to_cancel_.empty(); ++sent) {
    if (cancels_in_kernel_ == cancels_max_) return;
    // The newest first: the kernel finds the operations of one task in that order, and looking for the oldest among very
    // many is slow.
    slot& s = to_cancel_.back();
    const request cancel{.code = opcode::async_cancel, .address = s.name};
    if (!ring_->push(cancel, counterpart(s.name))) return;
    s.unlink();
    ++in_kernel_;
    ++cancels_in_kernel_;
    ++counters_.cancels;
  }
}

/// The kernel has refused to be entered, unless a signal or the deadline ended the wait.
void driver::on_failed_enter(int result, ready_queue& ready) {
  if (result == -EINTR || result == -ETIME) {
    refused_enters_ = 0;
    return;
  }
  for (const auto& [error, sentence] : ends_of_a_ring) CAROUSEL_ASSERT(result != -error, sentence);
  // EAGAIN, EBUSY, ENOMEM: no memory for a request, or completions must be taken first; what was not submitted stays in the
  // queue and goes out with the next enter. Everything else (a filter's EPERM) will not change.
  const steady_time at = now();
  if (refused_enters_++ == 0) refused_since_ = at;
  const bool may_pass = result == -EAGAIN || result == -EBUSY || result == -ENOMEM;
  if (!may_pass ||
      (refused_enters_ >= refused_enters_max && at - refused_since_ >= refused_for_max)) {
    withdraw_unsubmitted(refused_enter + result, ready);
  }
  if (ring_->has_completions()) return;
  const unsigned doublings = std::min(refused_enters_, 6U);
  ring_->kernel().pause(std::min(std::chrono::milliseconds{1U << doublings}, refused_pause_max));
}

/// The operations that the kernel has not heard of fail with `error`; those that it has stay.
void driver::withdraw_unsubmitted(int error, ready_queue& ready) noexcept {
  errands_ = true;
  ring_->take_all_back([&](std::uint64_t user_data) {
    --in_kernel_;
    slot* const s = at_index_of(user_data);
    switch (kind_of(user_data)) {
      case completion_kind::nothing: return;
      case completion_kind::wake:
        (user_data == wake_user_data ? wake_.reading : wake_.canceled) = false;
        return;
      case completion_kind::operation:
        --counters_.submitted;
        withdraw(*s, error, ready);
        return;
      case completion_kind::cancel:
        --cancels_in_kernel_;
        // The operation may have ended while its cancel was kept from the kernel.
        if (s->name == counterpart(user_data) && held_by_kernel(*s)) to_cancel_.push_back(*s);
    }
  });
}

/// Ends an operation that the kernel has not heard of.
void driver::withdraw(slot& s, int error, ready_queue& ready) noexcept {
  finish(s, error);
  s.state = slot_state::withdrawn;
  ready.push_back(*s.awaiter);
}

/// What a negative result tells the awaiter.
std::int32_t driver::meaning(const slot& s, std::int32_t res) noexcept {
  if (res == -ECANCELED) return s.stop_wanted ? res : unasked_cancel;
  // An open or a read by a worker may answer a cancel with the kernel's own restart codes.
  if (s.stop_wanted && (res == -EINTR || (res <= -512 && res >= -516))) return -ECANCELED;
  return res;
}

/// All that is not the last completion of an operation that is awaited.
void driver::on_other_completion(std::uint64_t user_data, std::int32_t res,
                                 std::uint32_t flags) noexcept {
  slot* const s = at_index_of(user_data);
  errands_ = true;
  switch (kind_of(user_data)) {
    case completion_kind::operation:
      if (s == nullptr || s->name != user_data || !held_by_kernel(*s)) break;
      if ((flags & sys::cqe_more) != 0) {
        on_item(*s, res, flags);
        return;
      }
      --in_kernel_;
      finish(*s, meaning(*s, res));
      to_drop_.push_back(*s);
      return;
    case completion_kind::cancel:
      --in_kernel_;
      --cancels_in_kernel_;
      // Else the operation is over, and the slot may serve another.
      if (s != nullptr && s->name == counterpart(user_data)) on_cancel(*s, res);
      return;
    case completion_kind::wake:
      --in_kernel_;
      if (user_data == wake_user_data) wake_.reading = false;
      return;
    case completion_kind::nothing: --in_kernel_; return;
  }
  ++counters_.stray;
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

void driver::on_cancel(slot& s, std::int32_t res) noexcept {
  // ENOENT and EALREADY do not mean finished: a read that a device or a worker executes answers so, and completes later.
  if (!held_by_kernel(s)) return;
  if (res != -ENOENT && res != -EALREADY) return;
  if (to_recancel_.empty() || recancel_after_ == recancel_after_.zero()) {
    recancel_after_ = std::clamp(recancel_after_ * 2, std::chrono::milliseconds{10},
                                 std::chrono::milliseconds{1000});
    recancel_at_ = ring_->kernel().now() + recancel_after_;
  }
  to_recancel_.push_back(s);
}

void driver::dispose_dropped() noexcept {
  while (!to_drop_.empty()) {
    dispose(to_drop_.pop_front());
  }
}

}  // namespace carousel::detail
