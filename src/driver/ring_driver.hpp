#pragma once

#include <bit>
#include <chrono>
#include <cstdint>
#include <memory>

#include "carousel/detail/driver/buffer_table.hpp"
#include "carousel/detail/driver/context.hpp"
#include "carousel/detail/driver/driver.hpp"
#include "driver/wake_read.hpp"
#include "ring/ring.hpp"

namespace carousel::detail {

struct driver_options {
  unsigned entries = 256;  ///< submission queue entries; the completion queue has twice as many
  unsigned slots_max = 1 << 18;      ///< operations in flight; more wait in line
  bool iowait = false;               ///< waiting for completions counts as waiting for a disk
  std::chrono::nanoseconds spin{0};  ///< how long to look for completions before a sleep
  bool defers = true;                ///< the kernel finishes operations in the turns only
};

struct driver_counters {
  std::uint64_t submitted = 0;  ///< operations handed to the kernel
  std::uint64_t enters = 0;     ///< io_uring_enter calls
  std::uint64_t cancels = 0;    ///< cancel requests sent
  std::uint64_t stray = 0;      ///< completions that nothing expected; never followed
  /// Collections that run unregistered because the kernel refused.
  std::uint64_t plain_fallbacks = 0;
};

/// Of driver::coarse_ms_, which is even: the loop has slept since.
inline constexpr std::uint32_t coarse_ms_is_old = 1;
[[nodiscard]] inline std::uint32_t coarse_ms_of(steady_time t) noexcept {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(t.time_since_epoch());
  return static_cast<std::uint32_t>(ms.count()) & ~coarse_ms_is_old;
}

/// Whether a turn may sleep until something completes.
enum class waiting : bool { forbidden, allowed };

/// A base, so that it outlives the driver's tables, which tell the kernel at their end.
class owned_ring {
 protected:
  std::unique_ptr<ring> ring_;
};

/// Owns the ring, and drives it: the loop's turn() is the only place where the kernel is entered
/// for I/O.
class ring_driver final : owned_ring, public driver {
 public:
  [[nodiscard]] static result<std::unique_ptr<ring_driver>> make(
      std::unique_ptr<sys::kernel> kernel, const driver_options& options);
  ring_driver(const ring_driver&) = delete;
  ring_driver& operator=(const ring_driver&) = delete;
  ~ring_driver();
  /// Every driver is one.
  [[nodiscard]] static ring_driver& of(driver& io) noexcept {
    return static_cast<ring_driver&>(io);
  }
  [[nodiscard]] static const ring_driver& of(const driver& io) noexcept {
    return static_cast<const ring_driver&>(io);
  }

  // What happens to an operation beside its start and its completion.

  /// It stands in line for a slot, and for room in the submission queue.
  void wait_to_start(operation_base& op) noexcept;
  /// Requests that are linked were queued.
  void note_chain() noexcept { enters_.chains = true; }
  /// It waits for something that is not the kernel, and joins the line afterwards; unlinked when
  /// the driver ends before.
  void wait_elsewhere(waiter& op) noexcept { waiting_elsewhere_.push_back(op); }
  /// Its awaiter dies: withdraw it, make it an orphan, or dispose of its result.
  void abandon(slot& s) noexcept;
  /// It shall end: out of the line or of the submission queue as cancelled at once, in the kernel
  /// by a cancel and with its own last completion. What is on its way already is left alone.
  void request_stop(operation_base& op, ready_queue& ready) noexcept;
  /// The same for all operations that hold this file and are awaited, and for what runs before one
  /// of them in its chain; the others are ending.
  void request_stop_of_users(const descriptor& file, ready_queue& ready) noexcept;

  // Registered buffers.

  [[nodiscard]] buffer_table& buffers() noexcept { return buffers_; }
  /// Gives a registration up, once the operations in flight do not use it any more.
  void remove_buffers(buffer_registration& old) noexcept;
  void count_plain_fallback() noexcept { ++counters_.plain_fallbacks; }
  /// RLIMIT_MEMLOCK may be why the kernel has no memory to lock.
  [[nodiscard]] bool memlock_binds() const noexcept { return kernel().memlock_binds(); }

  // What it tells.

  [[nodiscard]] sys::kernel& kernel() const noexcept { return ring_->kernel(); }
  /// The kernel may drop completions that the queue has no room for.
  [[nodiscard]] bool may_lose_completions() const noexcept {
    return ring_->completions_max() != ring::unlimited;
  }
  /// The time as the kernel behind the ring tells it.
  [[nodiscard]] steady_time now() const noexcept;
  /// The same with the time that the machine was suspended, since it was started.
  [[nodiscard]] std::chrono::nanoseconds time_since_boot() const noexcept;
  [[nodiscard]] driver_counters counters() const noexcept;

  // A turn.

  /// Takes the completions that are visible, in the order of their arrival, and calls
  /// `resume(waiter&)` for each awaiter of an operation that has finished, until it returns false:
  /// in a child of fork(), where there is no ring.
  template <class Resume>
  void deliver(Resume resume);
  /// Disposes of what deliver() has left: the results of orphans, a registration that nobody uses
  /// any more.
  void settle() noexcept;
  /// There is something for deliver().
  [[nodiscard]] bool has_completions() const noexcept { return ring_->has_completions(); }
  /// Starts operations that stand in line, submits what is queued, and waits for a completion if it
  /// may (until `deadline` if there is one). Operations that cannot be submitted fail: their
  /// awaiters go to `ready`.
  void turn(ready_queue& ready, waiting may_wait, const steady_time* deadline);
  /// All of a turn when no whole one is needed: submits, and where that has brought nothing lately
  /// waits for a completion too, if `may_wait()` and something is in the kernel. False: nothing has
  /// completed by then, and the rest of turn() is to follow.
  template <class MayWait>
  [[nodiscard]] bool quick_turn(ready_queue& ready, MayWait may_wait);
  /// There is something to do that quick_turn() leaves out.
  [[nodiscard]] bool needs_whole_turn() const noexcept { return whole_turn_needed_; }
  void need_whole_turn() noexcept { whole_turn_needed_ = true; }
  /// No operation is queued, in line or in the kernel, and no completion is visible.
  [[nodiscard]] bool idle() const noexcept {
    return in_kernel_ == static_cast<std::size_t>(wake_.is_reading()) && waiting_.empty();
  }
  /// Something here waits for a turn and not for the kernel.
  [[nodiscard]] bool wants_turn() const noexcept;
  /// A cancel, or an operation in line, could go out that no request stands for yet.
  [[nodiscard]] bool could_submit() const noexcept {
    return cancels_can_start() || others_can_start();
  }
  /// When turn() must be called at the latest, if the kernel wakes nobody before.
  [[nodiscard]] steady_time wants_turn_at() const noexcept {
    return to_recancel_.empty() ? steady_time::max() : recancel_at_;
  }
  /// Lets the kernel post what it holds back.
  void collect(ready_queue& ready);

  // For other threads, and for a program that turns the loop from a loop of its own.

  /// From now on a write to this eventfd ends a wait of the loop. It must stay open as long as the
  /// driver.
  void watch(int wake_fd) noexcept {
    wake_.watch(wake_fd);
    whole_turn_needed_ = true;
  }

  /// An eventfd that the kernel writes to when the ring has something for us; made at the first
  /// call.
  [[nodiscard]] result<int> event_fd() noexcept;
  [[nodiscard]] bool has_event_fd() const noexcept { return event_fd_ >= 0; }
  /// Something has come up that wants a turn: writes to the eventfd that a program waits for,
  /// unless the loop turns and sees it anyway.
  void ask_for_turn() noexcept;
  /// The program has left the loop, until it turns it again.
  void note_left() noexcept;
  /// How long the eventfd can be relied upon at most.
  [[nodiscard]] std::chrono::nanoseconds longest_wait() const noexcept;

  // The end.

  /// Every operation becomes an orphan and is cancelled; returns when the kernel has let go of all
  /// of them, or at the deadline. False: some are stuck.
  [[nodiscard]] bool drain(steady_time deadline);
  /// After a drain() that failed: names on stderr what the kernel still holds, tells pools which
  /// buffers are lost, releases everything else. The driver must be kept for ever afterwards.
  void quarantine() noexcept;

 private:
  ring_driver() = default;

  [[nodiscard]] unsigned hold_back(unsigned slots_max) noexcept;
  [[nodiscard]] bool awaited_outside() const noexcept;

  /// Of those in line.
  [[nodiscard]] bool others_can_start() const noexcept {
    return !waiting_.empty() && first_in_line_has_slots();
  }
  [[nodiscard]] bool first_in_line_has_slots() const noexcept;
  [[nodiscard]] bool cancels_can_start() const noexcept {
    return !to_cancel_.empty() && cancels_in_kernel_ != cancels_max_;
  }
  void start_waiting(ready_queue& ready);
  void make_room(ready_queue& ready);
  void encode_cancels();
  void look_at_clock() noexcept;
  void enter(ready_queue& ready, waiting may_wait, const steady_time* deadline);
  [[nodiscard]] unsigned completions_per_wait(const std::chrono::nanoseconds* timeout) noexcept;
  void wait(ready_queue& ready, const std::chrono::nanoseconds* timeout);
  [[nodiscard]] bool spins() const noexcept { return spin_ != std::chrono::nanoseconds::zero(); }
  [[nodiscard]] bool has_spun(ready_queue& ready, const steady_time* deadline);
  [[nodiscard]] bool submit_alone(ready_queue& ready);
  void wait_at_once() noexcept;
  void check_enter(int result, ready_queue& ready);
  void on_failed_enter(int result, ready_queue& ready);
  void withdraw_unsubmitted(int error, ready_queue& ready) noexcept;
  template <class End>
  [[nodiscard]] bool withdraw(slot& s, End end) noexcept;
  void withdraw_rest_of_chain(ready_queue& ready) noexcept;
  void look_after_enter(ready_queue& ready) noexcept;
  void end_withdrawn(slot& s, int error, ready_queue& ready) noexcept;

  void on_other_completion(std::uint64_t user_data, std::int32_t res, std::uint32_t flags) noexcept;
  void on_item(slot& s, std::int32_t res, std::uint32_t flags) noexcept;
  void on_early_result(slot& s, std::int32_t res) noexcept;
  static void tell_file(const slot& orphan, std::int32_t res) noexcept;
  void on_cancel(slot& s, std::int32_t res) noexcept;
  [[nodiscard]] static std::int32_t meaning(const slot& s, std::int32_t res) noexcept;
  [[nodiscard]] slot* named_by(std::uint64_t user_data) noexcept;
  void leaves_kernel() noexcept;
  void cancel_leaves_kernel() noexcept;
  void uncount_withdrawn() noexcept;
  void finish(slot& s, std::int32_t res) noexcept;
  [[nodiscard]] bool finish_noted(slot& s, std::int32_t res) noexcept;
  void end_awaiter_of(slot& s) noexcept;
  void take_over(slot& s) noexcept;
  static operation_base& leave_awaiter(slot& s) noexcept;
  void dispose(slot& s) noexcept;
  void dispose_ended_orphans() noexcept;
  void note_cancel(slot& s) noexcept;
  [[nodiscard]] slot& first_of_chain(slot& member) noexcept;
  void undo_notes(slot& s) noexcept;
  void report_stuck(const slot& s) const;

  static constexpr unsigned waits_between_probes_min = 32;
  static constexpr unsigned waits_between_tries_min = 64;

  // Immutable after make().
  unsigned forks_ = forks;
  unsigned cancels_max_ = ~0U;  ///< in the kernel at a time
  std::chrono::nanoseconds spin_{0};

  list<waiter, ready_tag> waiting_elsewhere_;  ///< operations that will stand in line
  list<slot, slot_tag> to_cancel_;
  list<slot, slot_tag> to_recancel_;  ///< answered ENOENT or EALREADY: asked again after a while
  /// Orphans past their last CQE, disposed of after the CQEs are read.
  list<slot, slot_tag> ended_orphans_;
  unsigned cancels_in_kernel_ = 0;
  steady_time recancel_at_{};
  std::chrono::milliseconds recancel_after_{0};

  unsigned waits_until_probe_ = 0;  ///< at once, before submitting alone is tried again
  unsigned waits_between_probes_ = waits_between_probes_min / 2;
  std::uint64_t enters_at_probe_ = 0;  ///< the last that was in vain
  unsigned waits_for_one_ = 0;         ///< before several completions are waited for again
  unsigned waits_between_tries_ = waits_between_tries_min;
  /// What an enter that goes well has to look after: nothing, mostly, which is asked at once.
  struct enter_notes {
    std::uint16_t refused = 0;  ///< enters, on end
    bool chains = false;        ///< some may stand in the submission queue
    std::uint8_t unused = 0;
    [[nodiscard]] bool any() const noexcept { return std::bit_cast<std::uint32_t>(*this) != 0; }
  };
  enter_notes enters_;
  steady_time refused_since_{};
  unsigned turns_until_clock_ = 0;
  bool whole_turn_needed_ = true;  ///< found by turn(), or come up since

  driver_counters counters_;
  buffer_table buffers_;
  wake_read wake_;
  int event_fd_ = -1;            ///< -1: nobody has asked for it
  bool asked_for_turn_ = false;  ///< since the loop was left
  bool event_fd_lost_ = false;   ///< it could not be registered again
};

}  // namespace carousel::detail
