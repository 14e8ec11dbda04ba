#pragma once

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cinttypes>
#include <utility>

#include "base/state_assert.hpp"
#include "carousel/detail/driver/operation.hpp"
#include "driver/ring_driver.hpp"

// The driver's part of a turn, for the loop to inline. The kernel leaves the processor's stack of
// return addresses empty, so each return from a function that was called before a system call is
// mispredicted after it, and at depth 1 that costs more than all the rest of the library does.
// Hence the whole turn, from the system call over its completions to the resumed coroutine, is one
// function, loop::run, and only what is rare is called. Nor does the way through it jump where
// nothing out of the ordinary happens: a taken branch to a distant line of code costs as much as
// twenty instructions there. Hence the hints for the compiler.

namespace carousel::detail {

/// Whole turns that did not wait before the coarse time is looked at again.
inline constexpr unsigned turns_between_clocks = 16;

[[nodiscard]] inline completion_kind kind_of(std::uint64_t user_data) noexcept {
  return static_cast<completion_kind>(user_data >> 24U);
}

/// The name of the operation that a cancel of this name is for, and the other way round.
[[nodiscard]] inline std::uint64_t counterpart(std::uint64_t user_data) noexcept {
  return user_data ^ user_data_of(completion_kind::operation) ^
         user_data_of(completion_kind::cancel);
}

/// The operation with this name; null where there is none, or where it does not wait for a
/// completion.
[[gnu::always_inline]] inline slot* ring_driver::named_by(std::uint64_t user_data) noexcept {
  const auto low = static_cast<std::uint32_t>(user_data);
  slot* s = nullptr;
  if (low < slot_table::chunk_slots) [[likely]] {
    s = slots_.first_chunk() + low;
  } else {
    s = slots_.at_index_of(user_data);
    if (s == nullptr) return nullptr;
  }
  return s->name == user_data && s->state == slot_state::submitted ? s : nullptr;
}

/// A request has had its last completion, or was withdrawn.
[[gnu::always_inline]] inline void ring_driver::leaves_kernel() noexcept {
  CAROUSEL_DEBUG_ASSERT(in_kernel_ != 0,
                        "more requests have left the kernel than were handed to it: %" PRIu64
                        " were operations",
                        submitted_);
  --in_kernel_;
}

/// The open file that an operation holds, or null.
[[nodiscard]] inline const descriptor* file_of(const slot& s) noexcept {
  return s.awaiter != nullptr ? s.kind->file_of(s) : s.file;
}

/// Also false for a count that has gone below zero.
[[nodiscard]] inline bool is_counted_by_its_file(const slot& s) noexcept {
  const descriptor* const file = file_of(s);
  return file == nullptr || file->started - 1 < slot_index_max;
}

/// An operation's last completion has come.
[[gnu::always_inline]] inline void ring_driver::finish(slot& s, std::int32_t res) noexcept {
  CAROUSEL_DEBUG_ASSERT(held_by_kernel(s),
                        "an operation has ended twice: with %d %s, and before with %d %s", res,
                        errno_name(res), s.res, errno_name(s.res));
  CAROUSEL_DEBUG_ASSERT(is_counted_by_its_file(s),
                        "a file counts %u operations, while one with %d %s ends on it",
                        file_of(s)->started, res, errno_name(res));
  s.res = res;
  if (s.notes != 0) [[unlikely]]
    undo_notes(s);
  s.state = slot_state::done;
}

template <class Resume>
[[gnu::always_inline]] inline void ring_driver::deliver(Resume resume) {
  const auto take = [&](std::uint64_t user_data, std::int32_t res, std::uint32_t flags) {
    slot* const s = named_by(user_data);
    if (s != nullptr && (flags & sys::cqe_more) == 0) [[likely]] {
      leaves_kernel();
      const std::int32_t meant = res >= 0 ? res : meaning(*s, res);
      if (s->notes != 0) [[unlikely]] {
        if (finish_noted(*s, meant)) return true;
      } else {
        finish(*s, meant);
      }
      return resume(*s->awaiter);
    }
    on_other_completion(user_data, res, flags);
    return true;
  };
  // The awaiter of the completion after this one, in whatever frame it is, comes into the cache
  // meanwhile.
  ring_->reap(take, [&](std::uint64_t next) {
    const auto awaiter = reinterpret_cast<std::uintptr_t>(
        slots_.first_chunk()[next % slot_table::chunk_slots].awaiter);
    // NOLINTBEGIN(performance-no-int-to-ptr): it may be null, to which nothing can be added
    __builtin_prefetch(reinterpret_cast<const void*>(awaiter));
    __builtin_prefetch(reinterpret_cast<const void*>(awaiter + 64));
    // NOLINTEND(performance-no-int-to-ptr)
  });
}

[[gnu::always_inline]] inline void ring_driver::settle() noexcept {
  if (!ended_orphans_.empty()) dispose_ended_orphans();
  buffers_.settle();
}

[[gnu::always_inline]] inline void ring_driver::check_enter(int result, ready_queue& ready) {
  ++counters_.enters;
  if (result < 0) [[unlikely]]
    on_failed_enter(result, ready);
  else if (enters_.any()) [[unlikely]]
    look_after_enter(ready);
}

/// True: something has completed. Else the next requests go out with a wait, unless there is
/// nothing to wait for, or cancels, or the read that others wake us by, may be to be sent again.
[[gnu::always_inline]] inline bool ring_driver::submit_alone(ready_queue& ready) {
  check_enter(ring_->submit(), ready);
  if (ring_->has_completions()) [[likely]]
    return true;
  if (ready.empty() && in_kernel_ != 0 && !enters_.any()) wait_at_once();
  return false;
}

/// To submit alone has brought nothing: for a while that is left out, and twice as long where it
/// had brought nothing the last time either.
inline void ring_driver::wait_at_once() noexcept {
  constexpr unsigned few = 8;
  constexpr unsigned waits_max = 1024;
  const std::uint64_t enters = counters_.enters - std::exchange(enters_at_probe_, counters_.enters);
  const bool is_in_vain = enters <= waits_between_probes_ + few;
  waits_between_probes_ =
      is_in_vain ? std::min(2 * waits_between_probes_, waits_max) : waits_between_probes_min;
  waits_until_probe_ = waits_between_probes_;
}

/// Transfers of O_DIRECT end by themselves, and soon. Where many are under way, one wake-up for an
/// eighth of them takes less of the processor than one for each, and their results hardly longer.
inline unsigned ring_driver::completions_per_wait(
    const std::chrono::nanoseconds* timeout) noexcept {
  constexpr std::uint32_t several_max = 16;
  const bool is_near = timeout != nullptr && *timeout < 2 * sys::several_wait;
  if (!ring_->waits_for_several() || is_near) return 1;
  if (waits_for_one_ != 0) return --waits_for_one_, 1;
  return std::clamp<std::uint32_t>(files().direct_operations() / 8, 1, several_max);
}

/// Where a device is slow, or stuck, nobody else is to wait for it again and again.
[[gnu::always_inline]] inline void ring_driver::wait(ready_queue& ready,
                                                     const std::chrono::nanoseconds* timeout) {
  constexpr unsigned waits_between_tries_max = 16384;
  const unsigned wanted = completions_per_wait(timeout);
  check_enter(ring_->submit_and_wait(wanted, timeout), ready);
  if (wanted == 1) return;
  if (ring_->completed().count() >= wanted) {
    waits_between_tries_ = waits_between_tries_min;
  } else {
    waits_for_one_ = waits_between_tries_;
    waits_between_tries_ = std::min(2 * waits_between_tries_, waits_between_tries_max);
  }
}

[[gnu::always_inline]] inline void ring_driver::look_at_clock() noexcept {
  coarse_ms_ = coarse_ms_of(ring_->kernel().coarse_now());
  turns_until_clock_ = turns_between_clocks;
}

[[gnu::always_inline]] inline void ring_driver::enter(ready_queue& ready, waiting may_wait,
                                                      const steady_time* deadline) {
  if (may_wait == waiting::forbidden || (in_kernel_ == 0 && deadline == nullptr)) {
    if (ring_->unsubmitted() != 0 || ring_->wants_enter())
      check_enter(ring_->submit_and_collect(), ready);
    return;
  }
  if (spins() && has_spun(ready, deadline)) [[unlikely]] {
    look_at_clock();
    return;
  }
  // Where operations finish while they are submitted (cached reads), asking for completions in a
  // second call only if there are none yet is the faster way; where they do not (devices, pipes),
  // one call that submits and waits is.
  if (ring_->unsubmitted() != 0 && waits_until_probe_ == 0) {
    if (submit_alone(ready) || waits_until_probe_ == 0) return;
  } else if (ring_->has_completions()) {
    return;
  }
  if (waits_until_probe_ > 0) --waits_until_probe_;
  if (deadline == nullptr) {
    wait(ready, nullptr);
  } else {
    const steady_time now = ring_->kernel().now();
    const std::chrono::nanoseconds timeout =
        std::max(*deadline, now) - now;  // a deadline may be as old as the clock can tell
    wait(ready, &timeout);
  }
  look_at_clock();  // some time has passed
}

[[gnu::always_inline]] inline void ring_driver::turn(ready_queue& ready, waiting may_wait,
                                                     const steady_time* deadline) {
  if (turns_until_clock_-- == 0) look_at_clock();
  if (!waiting_.empty()) start_waiting(ready);
  if (!to_recancel_.empty()) {
    if (now() >= recancel_at_) {
      to_cancel_.splice_back(to_recancel_);
    } else if (deadline == nullptr || recancel_at_ < *deadline) {
      deadline = &recancel_at_;
    }
  }
  if (!to_cancel_.empty()) {
    if (!queue_->has_room()) make_room(ready);
    encode_cancels();
  }
  if (wake_.watches() && !wake_.encode(*ring_, in_kernel_)) may_wait = waiting::forbidden;
  if (!ready.empty() || could_submit()) may_wait = waiting::forbidden;
  enter(ready, may_wait, deadline);
  whole_turn_needed_ = !waiting_.empty() || !to_cancel_.empty() || !to_recancel_.empty() ||
                       buffers_.removing() || wake_.is_missing();
}

template <class MayWait>
[[gnu::always_inline]] inline bool ring_driver::quick_turn(ready_queue& ready, MayWait may_wait) {
  if (waits_until_probe_ == 0) [[likely]] {
    if (ring_->unsubmitted() == 0) [[unlikely]]
      return false;
    return submit_alone(ready);
  }
  if (ring_->has_completions()) [[unlikely]]
    return true;
  if (!may_wait() || idle() || enters_.any() || spins()) [[unlikely]]
    return false;
  --waits_until_probe_;
  wait(ready, nullptr);
  coarse_ms_ |= coarse_ms_is_old;  // a look at the clock would take as long as all of this turn
  return ring_->has_completions();
}

}  // namespace carousel::detail
