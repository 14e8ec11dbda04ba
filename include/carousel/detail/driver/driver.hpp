#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "carousel/detail/driver/buffer_table.hpp"
#include "carousel/detail/driver/context.hpp"
#include "carousel/detail/driver/file_table.hpp"
#include "carousel/detail/driver/side_blocks.hpp"
#include "carousel/detail/driver/slot.hpp"
#include "carousel/detail/ring/submission_queue.hpp"
#include "carousel/result.hpp"

namespace carousel::sys {
class kernel;
}

namespace carousel::detail {

class ring;

struct driver_options {
  unsigned entries = 256;  ///< submission queue entries; the completion queue has twice as many
  unsigned slots_max = 1 << 18;  ///< operations in flight; more wait in line
  bool iowait = false;           ///< waiting for completions counts as waiting for a disk
};

struct driver_counters {
  std::uint64_t submitted = 0;  ///< operations handed to the kernel
  std::uint64_t enters = 0;     ///< io_uring_enter calls
  std::uint64_t cancels = 0;    ///< cancel requests sent
  std::uint64_t stray = 0;      ///< completions that nothing expected; never followed
  std::uint64_t plain_fallbacks =
      0;  ///< collections that run unregistered because the kernel refused
};

/// Owns the slots and the ring. Everything an awaiter does here touches lists and the submission queue only; the loop's turn()
/// is the only place where the kernel is entered for I/O.
class driver {
 public:
  [[nodiscard]] static result<std::unique_ptr<driver>> make(std::unique_ptr<sys::kernel> kernel,
                                                            const driver_options& options);
  driver(const driver&) = delete;
  driver& operator=(const driver&) = delete;
  ~driver();

  // For awaiters.

  /// False when the operation must stand in line: at the cap, until the next enter makes room in the submission queue, or behind
  /// others that stand there.
  [[nodiscard]] bool can_start() const noexcept {
    if (!waiting_.empty()) [[unlikely]]
      return false;
    return has_place();
  }
  void wait_to_start(operation_base& op) noexcept;
  /// It waits for something that is not the kernel, and joins the line afterwards; unlinked when the driver ends before.
  void stand_aside(waiter& op) noexcept { aside_.push_back(op); }
  /// can_start() must hold. Throws std::bad_alloc when a new chunk of slots cannot be had.
  [[nodiscard]] slot& take() {
    if (free_ == nullptr) grow();
    return *std::exchange(free_, free_->next_free);
  }
  /// Where the request of the slot that was taken last is to be written.
  [[nodiscard]] request& next_request() noexcept { return queue_->next(); }
  /// Queues the request.
  void submit(slot& s, operation_base& awaiter, const operation_kind& kind, request& r) noexcept {
    s.awaiter = &awaiter;
    s.kind = &kind;
    s.code = r.code;
    s.started_ms = coarse_ms_;
    s.state = slot_state::submitted;
    r.user_data = s.name;
    s.place = queue_->push();
    ++in_kernel_;
    ++counters_.submitted;
  }
  /// Frees a slot whose operation has ended and holds nothing.
  void release(slot& s) noexcept {
    if (s.side != nullptr) [[unlikely]]
      blocks_.give_back(s);
    s.state = slot_state::free;
    s.name += user_data_generation;
    s.next_free = std::exchange(free_, &s);
  }
  /// The awaiter of an operation dies: withdraw it, make it an orphan, or dispose of its result.
  void drop(slot& s) noexcept;
  /// The operation shall end: out of the line or of the submission queue as cancelled at once, in the kernel by a cancel and
  /// with its own last completion. What is on its way already is left alone.
  void request_stop(operation_base& op, ready_queue& ready) noexcept;
  /// A recycled block that lives as long as the slot's operation. Throws std::bad_alloc.
  [[nodiscard]] std::byte* side_block(slot& s, std::size_t bytes) { return blocks_.take(s, bytes); }

  [[nodiscard]] file_table& files() noexcept { return files_; }
  [[nodiscard]] const file_table& files() const noexcept { return files_; }
  [[nodiscard]] buffer_table& buffers() noexcept { return buffers_; }
  /// Gives the registration of the buffer table up, once the operations in flight do not use it any more.
  void leave_buffers() noexcept;

  // For the loop.

  /// Takes the completions that are visible, in the order of their arrival, and calls `resume(waiter&)` for each awaiter of an
  /// operation that has finished, until it returns false: in a child of fork(), where there is no ring.
  template <class Resume>
  void deliver(Resume resume);
  /// Disposes of what deliver() has left: the results of orphans, a registration that nobody uses any more.
  void settle() noexcept;
  /// There is something for deliver().
  [[nodiscard]] bool has_completions() const noexcept;
  /// Starts operations that stand in line, submits what is queued, and waits for a completion if `block` says so (until
  /// `deadline` if there is one). Operations that cannot be submitted fail: their awaiters go to `ready`.
  void turn(ready_queue& ready, bool block, const steady_time* deadline);
  /// All of a turn that has no errands: submits. False: nothing has completed by then, and the rest of turn() is to follow.
  [[nodiscard]] bool quick_turn(ready_queue& ready);
  /// There is something to do that quick_turn() leaves out.
  [[nodiscard]] bool has_errands() const noexcept { return errands_; }
  void note_errand() noexcept { errands_ = true; }
  /// No operation is queued, in line or in the kernel, and no completion is visible.
  [[nodiscard]] bool idle() const noexcept {
    return in_kernel_ == static_cast<std::size_t>(wake_.reading) && waiting_.empty();
  }
  /// From now on a write to this eventfd ends a wait of the loop. It must stay open as long as the driver.
  void watch(int wake_fd) noexcept {
    wake_.fd = wake_fd;
    errands_ = true;
  }
  /// Something here waits for a turn and not for the kernel.
  [[nodiscard]] bool wants_turn() const noexcept;
  /// When turn() must be called at the latest, if the kernel wakes nobody before.
  [[nodiscard]] steady_time wants_turn_at() const noexcept;
  /// Lets the kernel post what it holds back.
  void collect(ready_queue& ready);

  // For a program that turns the loop from a loop of its own.

  /// An eventfd that the kernel writes to when the ring has something for us; made at the first call.
  [[nodiscard]] result<int> event_fd() noexcept;
  [[nodiscard]] bool has_event_fd() const noexcept { return event_fd_ >= 0; }
  /// Something has come up that wants a turn: writes to the eventfd as well, unless the loop turns and sees it anyway.
  void ask_for_turn() noexcept;
  /// The loop does not turn any more, until it is entered again.
  void note_left() noexcept { asked_for_turn_ = false; }
  /// How long the eventfd can be relied upon at most.
  [[nodiscard]] std::chrono::nanoseconds longest_wait() const noexcept;

  /// The end: every operation becomes an orphan and is cancelled; returns when the kernel has let go of all of them, or at
  /// the deadline. False: some are stuck.
  [[nodiscard]] bool drain(steady_time deadline);
  /// After a drain() that failed: names on stderr what the kernel still holds, tells pools which buffers are lost, lets go of
  /// everything else. The driver must be kept for ever afterwards.
  void quarantine() noexcept;

  [[nodiscard]] const driver_counters& counters() const noexcept { return counters_; }
  [[nodiscard]] bool supports(opcode code) const noexcept;
  /// The time as the kernel behind the ring tells it.
  [[nodiscard]] steady_time now() const noexcept;
  /// Flags for a write that must fail with EPIPE instead of raising SIGPIPE.
  [[nodiscard]] std::uint32_t write_flags() const noexcept { return write_flags_; }
  /// RLIMIT_MEMLOCK may be why the kernel has no memory to lock.
  [[nodiscard]] bool memlock_binds() const noexcept;
  void count_plain_fallback() noexcept { ++counters_.plain_fallbacks; }

 private:
  static constexpr unsigned chunk_slots = 256;

  explicit driver(const driver_options& options) noexcept;
  [[nodiscard]] bool has_slot() const noexcept {
    if (free_ != nullptr) [[likely]]
      return true;
    return slots_ < options_.slots_max;
  }
  [[nodiscard]] bool has_place() const noexcept { return has_slot() && queue_->has_room(); }
  /// Of those in line.
  [[nodiscard]] bool others_can_start() const noexcept { return !waiting_.empty() && has_slot(); }
  [[nodiscard]] bool cancels_can_start() const noexcept {
    return !to_cancel_.empty() && cancels_in_kernel_ != cancels_max_;
  }
  void hold_back() noexcept;
  void grow();
  template <class F>
  void for_each_slot(F f) {
    for (slot* chunk : chunks_) std::for_each_n(chunk, chunk_slots, f);
  }
  void start_waiting(ready_queue& ready);
  void make_room(ready_queue& ready);
  void encode_cancels();
  [[nodiscard]] bool encode_wake() noexcept;
  [[nodiscard]] bool awaited_outside() const noexcept;
  void enter(ready_queue& ready, bool block, const steady_time* deadline);
  [[nodiscard]] bool submit_alone(ready_queue& ready);
  void check_enter(int result, ready_queue& ready);
  void on_failed_enter(int result, ready_queue& ready);
  void withdraw_unsubmitted(int error, ready_queue& ready) noexcept;
  [[nodiscard]] bool take_back(slot& s) noexcept;
  void withdraw(slot& s, int error, ready_queue& ready) noexcept;
  void on_other_completion(std::uint64_t user_data, std::int32_t res, std::uint32_t flags) noexcept;
  void on_item(slot& s, std::int32_t res, std::uint32_t flags) noexcept;
  [[nodiscard]] static std::int32_t meaning(const slot& s, std::int32_t res) noexcept;
  void finish(slot& s, std::int32_t res) noexcept;
  void on_cancel(slot& s, std::int32_t res) noexcept;
  void end_awaiter_of(slot& s) noexcept;
  void take_over(slot& s) noexcept;
  void dispose(slot& s) noexcept;
  void dispose_dropped() noexcept;
  void note_cancel(slot& s) noexcept;
  [[nodiscard]] slot* named_by(std::uint64_t user_data) noexcept;
  [[nodiscard]] slot* at_index_of(std::uint64_t user_data) noexcept;
  void report_stuck(const slot& s) const;

  // Immutable after make().
  driver_options options_;
  std::unique_ptr<ring> ring_;
  submission_queue* queue_ = nullptr;  ///< the ring's
  std::uint32_t write_flags_ = 0;
  unsigned forks_ = forks;
  unsigned cancels_max_ = ~0U;  ///< in the kernel at a time

  // Slots: chunks never move and are never freed while the driver lives.
  slot* free_ = nullptr;
  std::vector<slot*> chunks_;
  slot* first_chunk_ = nullptr;  ///< there from the start
  unsigned slots_ = 0;
  list<waiter, ready_tag> waiting_;  ///< operation_base objects in line
  list<waiter, ready_tag> aside_;    ///< those that will stand in it

  // What the kernel holds, or will with the next enter.
  list<slot, slot_tag> to_cancel_;
  list<slot, slot_tag> to_recancel_;  ///< answered ENOENT or EALREADY: asked again after a while
  list<slot, slot_tag>
      to_drop_;                ///< orphans past their last CQE, disposed of after the CQEs are read
  std::size_t in_kernel_ = 0;  ///< requests, from the submission queue on, without their last CQE
  unsigned cancels_in_kernel_ = 0;  ///< of these, cancels of operations
  steady_time recancel_at_{};
  std::chrono::milliseconds recancel_after_{0};
  unsigned submits_until_probe_ = 0;  ///< waits at once, before submitting alone is tried again
  unsigned refused_enters_ = 0;       ///< on end
  steady_time refused_since_{};
  unsigned turns_until_clock_ = 0;
  bool errands_ = true;  ///< found by turn(), or come up since
  std::uint32_t coarse_ms_ =
      0;  ///< a recent time: when operations are submitted need not be known exactly

  /// The read that waits for other threads. Its eight bytes are the kernel's while it is there, like a slot.
  struct wake_read {
    std::uint64_t bytes = 0;
    int fd = -1;           ///< -1: nobody outside can wake us
    bool reading = false;  ///< counted in in_kernel_
    bool ending = false;
    bool canceled = false;
  };
  wake_read wake_;
  int event_fd_ = -1;            ///< -1: nobody has asked for it
  bool asked_for_turn_ = false;  ///< since the loop was left

  // What operations refer to by index or by address.
  side_blocks blocks_;
  file_table files_;
  buffer_table buffers_;

  driver_counters counters_;
};

}  // namespace carousel::detail
