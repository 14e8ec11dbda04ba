#pragma once

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "carousel/detail/driver.hpp"
#include "carousel/detail/operation.hpp"
#include "driver/user_data.hpp"
#include "ring/ring.hpp"

// The driver's part of a turn, for the loop to inline. The kernel leaves the processor's stack of return addresses empty, so
// each return from a function that was called before a system call is mispredicted after it, and at depth 1 that costs more
// than all the rest of the library does. Hence the whole turn, from the submit list over the system call to the resumed
// coroutine, is one function, loop::run, and only what is rare is called.

namespace carousel::detail {

inline constexpr unsigned submits_between_probes = 32;
/// Turns that did not wait before the coarse time is looked at again.
inline constexpr unsigned turns_between_clocks = 16;

[[nodiscard]] inline std::uint32_t milliseconds_of(steady_time t) noexcept {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(t.time_since_epoch()).count());
}

[[gnu::always_inline]] inline slot* driver::find(std::uint64_t user_data) noexcept {
  const auto index = static_cast<std::uint32_t>(user_data >> 32U) & 0xffffffU;
  if (index >= slots_) return nullptr;
  slot& s = chunks_[index / chunk_slots][index % chunk_slots];
  return s.generation == static_cast<std::uint32_t>(user_data) ? &s : nullptr;
}

[[gnu::always_inline]] inline void driver::finish(slot& s, std::int32_t res,
                                                  ready_queue& ready) noexcept {
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

[[gnu::always_inline]] inline void driver::on_operation(slot& s, std::int32_t res,
                                                        std::uint32_t flags,
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

[[gnu::always_inline]] inline void driver::on_completion(std::uint64_t user_data, std::int32_t res,
                                                         std::uint32_t flags, ready_queue& ready) {
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

[[gnu::always_inline]] inline unsigned driver::reap(ready_queue& ready) {
  return ring_->reap([&](std::uint64_t user_data, std::int32_t res, std::uint32_t flags) {
    on_completion(user_data, res, flags, ready);
  });
}

[[gnu::always_inline]] inline void driver::check_enter(int result, ready_queue& ready) {
  ++counters_.enters;
  // EINTR: a signal ended the wait. ETIME: the deadline.
  if (result >= 0 || result == -EINTR || result == -ETIME) [[likely]] {
    refused_enters_ = 0;
    return;
  }
  on_refusal(result, ready);
}

[[gnu::always_inline]] inline void driver::encode_queued(ready_queue& ready) {
  while (!queue_.empty()) {
    unsigned room = ring_->room();
    if (room == 0) [[unlikely]] {
      check_enter(ring_->enter(0, false), ready);
      room = ring_->room();
      if (room == 0) return;
    }
    const std::size_t count = queue_.take_front(room, [this](slot& s) {
      ring_->encode(s.req, user_data_of(completion_kind::operation, s));
      s.state = slot_state::submitted;
      s.submitted_ms = coarse_ms_;
    });
    in_kernel_ += count;
    counters_.submitted += count;
  }
}

[[gnu::always_inline]] inline void driver::enter(ready_queue& ready, bool block,
                                                 const steady_time* deadline) {
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
    if (refused_enters_ != 0)
      return;  // cancels, or the read that others wake us by, may be to be sent again
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

[[gnu::always_inline]] inline void driver::turn(ready_queue& ready, bool block,
                                                const steady_time* deadline) {
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

}  // namespace carousel::detail
