#include "driver/ring_driver.hpp"

#include <unistd.h>

#include <algorithm>
#include <new>

#include "base/state_assert.hpp"
#include "carousel/detail/driver/fork_epoch.hpp"
#include "carousel/detail/driver/operation.hpp"
#include "driver/turn.hpp"
#include "driver/withdraw.hpp"

namespace carousel::detail {
namespace {

/// One enter that cancels many operations is slow inside the kernel, so the loop looks at the clock
/// between batches.
constexpr unsigned cancels_per_enter = 64;
/// What may be in the kernel beside operations: as many requests that were withdrawn as the
/// submission queue has entries.
[[nodiscard]] constexpr unsigned other_requests(unsigned entries,
                                                unsigned cancels = cancels_per_enter) noexcept {
  return entries + wake_read::requests_max + cancels;
}

[[nodiscard]] std::size_t length_of(list<slot, slot_tag>& of) {
  std::size_t length = 0;
  of.for_each([&](const slot&) { ++length; });
  return length;
}

}  // namespace

result<std::unique_ptr<ring_driver>> ring_driver::make(std::unique_ptr<sys::kernel> kernel,
                                                       const driver_options& options) {
  watch_forks();
  const unsigned slots = std::clamp(options.slots_max, slot_table::chunk_slots, slot_index_max);
  const unsigned entries = std::clamp(options.entries, 1U, sys::sq_entries_max);
  auto made = ring::make(std::move(kernel),
                         {.entries = entries,
                          .completions = slots + other_requests(entries),
                          .defers = options.defers},
                         options.iowait ? waiting_is::iowait : waiting_is::idle);
  if (!made) return std::unexpected(made.error());
  std::unique_ptr<ring_driver> io(new ring_driver);
  io->ring_ = std::move(*made);
  io->queue_ = io->ring_.get();
  io->completed_ = io->ring_->completed();
  io->spin_ = options.spin;
  io->slots_.open(io->hold_back(slots));
  sys::kernel& below = io->ring_->kernel();
  io->write_flags_ = below.has_nosignal() ? sys::rwf_nosignal : 0U;
  io->has_bare_reads_ = below.has_bare_reads();
  io->files_.open(below);
  io->buffers_.open(below, *io);
  return io;
}

ring_driver::~ring_driver() {
  CAROUSEL_ASSERT_STATE(in_kernel_ == 0,
                        "a driver whose operations are still in the kernel must be leaked: %zu are",
                        in_kernel_);
  const std::size_t listed[] = {length_of(to_cancel_), length_of(to_recancel_),
                                length_of(ended_orphans_)};
  CAROUSEL_ASSERT_STATE(
      listed[0] + listed[1] + listed[2] == 0,
      "a driver ended with operations on its lists: %zu to be cancelled, %zu to be "
      "cancelled again, %zu orphans that have ended",
      listed[0], listed[1], listed[2]);
  if (event_fd_ >= 0) ::close(event_fd_);
}

/// Where a completion may be lost for want of room, the requests in the kernel never outnumber the
/// entries of the completion queue: those of operations stand in line before. The ring was asked
/// for an entry for each operation that there may be, so that this is no narrower than the limit
/// that the program has set, unless the kernel has no memory for such a queue.
unsigned ring_driver::hold_back(unsigned slots_max) noexcept {
  const std::size_t entries = ring_->completions_max();
  if (entries == ring::unlimited) return slots_max;
  cancels_max_ = std::clamp(static_cast<unsigned>(entries) / 8, 1U, cancels_per_enter);
  const unsigned others = other_requests(queue_->requests_max(), cancels_max_);
  return std::min(slots_max, static_cast<unsigned>(entries) - others);
}

steady_time ring_driver::now() const noexcept { return kernel().now(); }

std::chrono::nanoseconds ring_driver::time_since_boot() const noexcept {
  return kernel().time_since_boot();
}

driver_counters ring_driver::counters() const noexcept {
  driver_counters all = counters_;
  all.submitted = submitted_;
  return all;
}

void ring_driver::wait_to_start(operation_base& op) noexcept {
  waiting_.push_back(op);
  whole_turn_needed_ = true;
}

void ring_driver::start_waiting(ready_queue& ready) {
  while (!waiting_.empty()) {
    auto& op = static_cast<operation_base&>(waiting_.front());
    if (!has_slots_and_room(op.slots_wanted)) {
      if (queue_->has_room(op.slots_wanted)) return;
      make_room(ready);
      if (!has_slots_and_room(op.slots_wanted)) return;
    }
    op.unlink();
    try {
      op.begin(op, *this);
    } catch (const std::bad_alloc&) {
      op.failed = failure(std::errc::not_enough_memory);
      ready.push_back(op);
    }
  }
}

bool ring_driver::first_in_line_has_slots() const noexcept {
  return slots_.has_free(static_cast<const operation_base&>(waiting_.front()).slots_wanted);
}

void ring_driver::make_room(ready_queue& ready) { check_enter(ring_->submit(), ready); }

void ring_driver::end_awaiter_of(slot& s) noexcept {
  CAROUSEL_ASSERT_STATE(
      s.awaiter != nullptr && s.state != slot_state::free,
      "an awaiter can only abandon an operation that it owns: slot %u is %s, after "
      "%d %s",
      static_cast<unsigned>(s.name) & (slot_index_max - 1), name_of(s.state), s.res,
      errno_name(s.res));
  take_over(s);
  switch (s.state) {
    case slot_state::submitted: {
      // What is linked with it has an awaiter, which goes with this one.
      const bool was_queued = withdraw(s, [&](slot& one) {
        finish(one, -ECANCELED);
        if (&one == &s) return dispose(s);
        one.state = slot_state::withdrawn;
      });
      if (was_queued) return;
      s.state = slot_state::orphaned;
      note_cancel(s);
      return;
    }
    case slot_state::withdrawn: s.res = -ECANCELED; [[fallthrough]];
    case slot_state::done:
      tell_file(s, s.res);
      dispose(s);
      return;
    case slot_state::free:
    case slot_state::orphaned: return;  // it has no awaiter
  }
}

/// The awaiter of an operation goes, and with it perhaps what others wait for.
void ring_driver::abandon(slot& s) noexcept {
  end_awaiter_of(s);
  if (awaited_outside() && wants_turn()) ask_for_turn();
}

/// The awaiter goes, and what its operation holds stays.
void ring_driver::take_over(slot& s) noexcept {
  s.kind->take_over(s);
  (void)leave_awaiter(s);
}

/// What stays is for the report of operations that the kernel does not let go of.
operation_base& ring_driver::leave_awaiter(slot& s) noexcept {
  operation_base& awaiter = *std::exchange(s.awaiter, nullptr);
  s.task = awaiter.task != nullptr ? awaiter.task->id : 0;
  // Every compiler begins a coroutine's frame with the address where it goes on.
  s.resumes_at = *static_cast<const void* const*>(awaiter.handle.address());
  return awaiter;
}

void ring_driver::dispose(slot& s) noexcept {
  s.kind->dispose(s);
  const fd_ref file(std::exchange(s.file, nullptr));
  if (file) file->end_operation();
  release(s);
}

void ring_driver::note_cancel(slot& s) noexcept {
  if ((s.notes & (stop_wanted | result_given)) != 0) return;
  s.notes |= stop_wanted;
  recancel_after_ = {};  // the pauses that others have grown to are not for this one
  to_cancel_.push_back(s);
  whole_turn_needed_ = true;
}

void ring_driver::undo_notes(slot& s) noexcept {
  if ((s.notes & stop_wanted) != 0) s.unlink();  // from the cancel lists
  if ((s.notes & uses_removed_buffers) != 0) buffers_.end_use();
  s.notes = 0;
}

void ring_driver::request_stop(operation_base& op, ready_queue& ready) noexcept {
  if (op.at == operation_base::no_slot()) {
    if (op.failed != 0 || !op.linked()) return;  // not in line
    op.unlink();
    op.failed = failure(errc::canceled);
    ready.push_back(op);
    return;
  }
  if (op.at == operation_base::has_result()) return;
  slot& s = *op.at;
  if (s.state != slot_state::submitted) return;
  const auto end = [&](slot& one) { end_withdrawn(one, -ECANCELED, ready); };
  if (!withdraw(s, end)) note_cancel(s);
}

void ring_driver::request_stop_of_users(const descriptor& file, ready_queue& ready) noexcept {
  const auto uses_it = [&file](const slot& s) {
    return s.kind->file_of(s) == &file || s.kind->other_file_of(s) == &file;
  };
  // What is linked with it in the queue goes with it, and nobody asked for that.
  const auto end = [&](slot& one) {
    end_withdrawn(one, uses_it(one) ? -ECANCELED : broken_chain, ready);
  };
  slots_.for_each([&](slot& s) {
    if (s.state != slot_state::submitted || !uses_it(s) || withdraw(s, end)) return;
    note_cancel(s);
    // The kernel does not find what is linked and has not begun.
    if (s.awaiter->kind == wait_kind::chain_member) note_cancel(first_of_chain(s));
  });
}

/// Of those in the kernel's hands, the one that runs.
slot& ring_driver::first_of_chain(slot& member) noexcept {
  slot* first = &member;
  slots_.for_each([&](slot& s) {
    if (s.state != slot_state::submitted || s.awaiter->handle != member.awaiter->handle) return;
    if (static_cast<std::int32_t>(s.queued_at - first->queued_at) < 0) first = &s;
  });
  return *first;
}

void ring_driver::remove_buffers(buffer_registration& old) noexcept {
  std::size_t users = 0;
  slots_.for_each([&](slot& s) {
    if (!old.in_kernel() || !held_by_kernel(s) || !uses_buffer_table(s.code)) return;
    s.notes |= uses_removed_buffers;
    ++users;
  });
  buffers_.remove(old, users);
  whole_turn_needed_ = true;
}

// The turn.

/// Submits, and looks without a sleep whether something completes. False: nothing has, and it is
/// time to sleep.
bool ring_driver::has_spun(ready_queue& ready, const steady_time* deadline) {
  constexpr int looks_per_clock = 32;
  if (enters_.refused != 0) return false;
  if (ring_->unsubmitted() != 0) check_enter(ring_->submit(), ready);
  const steady_time begin = now();
  steady_time until = spin_ < steady_time::max() - begin ? begin + spin_ : steady_time::max();
  if (deadline != nullptr) until = std::min(until, *deadline);
  for (int looks = 0; ready.empty() && enters_.refused == 0; ++looks) {
    if (ring_->wants_enter()) check_enter(ring_->submit_and_collect(), ready);
    if (ring_->has_completions()) return true;
    kernel().relax();
    if (looks % looks_per_clock == 0 && now() >= until)
      return could_submit() || (deadline != nullptr && until == *deadline);
  }
  return true;
}

void ring_driver::encode_cancels() {
  // Whoever is cancelled is not to wait for the transfers of others.
  waits_for_one_ = std::max(waits_for_one_, waits_between_tries_min);
  for (unsigned sent = 0; sent < cancels_per_enter && !to_cancel_.empty(); ++sent) {
    if (cancels_in_kernel_ == cancels_max_) return;
    // The newest first: the kernel finds the operations of one task in that order, and looking for
    // the oldest among very many is slow.
    slot& s = to_cancel_.back();
    const request cancel{.code = opcode::async_cancel, .address = s.name};
    if (!ring_->push(cancel, counterpart(s.name))) return;
    s.unlink();
    ++in_kernel_;
    ++cancels_in_kernel_;
    ++counters_.cancels;
  }
}

}  // namespace carousel::detail
