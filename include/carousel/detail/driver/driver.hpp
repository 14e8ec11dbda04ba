#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "carousel/detail/driver/buffer_table.hpp"
#include "carousel/detail/driver/context.hpp"
#include "carousel/detail/driver/file_table.hpp"
#include "carousel/detail/driver/side_blocks.hpp"
#include "carousel/detail/driver/slot_table.hpp"
#include "carousel/detail/ring/completion_marks.hpp"
#include "carousel/detail/ring/submission_queue.hpp"

namespace carousel::detail {

struct driver_counters {
  std::uint64_t submitted = 0;  ///< operations handed to the kernel
  std::uint64_t enters = 0;     ///< io_uring_enter calls
  std::uint64_t cancels = 0;    ///< cancel requests sent
  std::uint64_t stray = 0;      ///< completions that nothing expected; never followed
  /// Collections that run unregistered because the kernel refused.
  std::uint64_t plain_fallbacks = 0;
};

/// What awaiters see of whoever drives the ring (src/driver/ring_driver.hpp): they touch lists and
/// the submission queue, and never enter the kernel. What is done once per operation is here, for
/// the compiler to put into the awaiter.
class driver {
 public:
  driver(const driver&) = delete;
  driver& operator=(const driver&) = delete;

  /// False when the operation must stand in line: at the cap, until the next enter makes room in
  /// the submission queue, or behind others that stand there.
  [[nodiscard]] bool can_start() const noexcept {
    if (!waiting_.empty()) [[unlikely]]
      return false;
    return has_slot_and_room();
  }
  void wait_to_start(operation_base& op) noexcept;
  /// No request waits for the next enter, and no completion for its awaiter: what is done without
  /// the ring now keeps nobody.
  [[nodiscard]] bool stands_still() const noexcept {
    return queue_->is_empty() && !completed_.differ();
  }
  /// It waits for something that is not the kernel, and joins the line afterwards; unlinked when
  /// the driver ends before.
  void wait_elsewhere(waiter& op) noexcept { waiting_elsewhere_.push_back(op); }
  /// can_start() must hold. Throws std::bad_alloc when a new chunk of slots cannot be had.
  [[nodiscard]] slot& take() { return slots_.take(); }
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
    s.queued_at = queue_->push();
    ++in_kernel_;
    ++counters_.submitted;
  }
  /// Frees a slot whose operation has ended and holds nothing.
  void release(slot& s) noexcept {
    if (s.side != nullptr) [[unlikely]]
      blocks_.give_back(s);
    slots_.give_back(s);
  }
  /// The awaiter of an operation dies: withdraw it, make it an orphan, or dispose of its result.
  void abandon(slot& s) noexcept;
  /// The operation shall end: out of the line or of the submission queue as cancelled at once, in
  /// the kernel by a cancel and with its own last completion. What is on its way already is left
  /// alone.
  void request_stop(operation_base& op, ready_queue& ready) noexcept;
  /// The same for all operations that hold this file and are awaited; the others are ending.
  void request_stop_of_users(const descriptor& file, ready_queue& ready) noexcept;
  /// A recycled block that lives as long as the slot's operation. Throws std::bad_alloc.
  [[nodiscard]] std::byte* side_block(slot& s, std::size_t bytes) { return blocks_.take(s, bytes); }

  [[nodiscard]] file_table& files() noexcept { return files_; }
  [[nodiscard]] const file_table& files() const noexcept { return files_; }
  [[nodiscard]] buffer_table& buffers() noexcept { return buffers_; }
  /// Gives a registration up, once the operations in flight do not use it any more.
  void remove_buffers(buffer_registration& old) noexcept;
  void count_plain_fallback() noexcept { ++counters_.plain_fallbacks; }
  /// RLIMIT_MEMLOCK may be why the kernel has no memory to lock.
  [[nodiscard]] bool memlock_binds() const noexcept;

  [[nodiscard]] bool supports(opcode code) const noexcept;
  /// Flags for a write that must fail with EPIPE instead of raising SIGPIPE.
  [[nodiscard]] std::uint32_t write_flags() const noexcept { return write_flags_; }
  /// The time as the kernel behind the ring tells it.
  [[nodiscard]] steady_time now() const noexcept;
  /// The same with the time that the machine was suspended, since it was started.
  [[nodiscard]] std::chrono::nanoseconds time_since_boot() const noexcept;
  [[nodiscard]] const driver_counters& counters() const noexcept { return counters_; }

  /// From now on a write to this eventfd ends a wait of the loop. It must stay open as long as the
  /// driver.
  void watch(int wake_fd) noexcept;
  /// Something has come up that wants a turn: writes to the eventfd that a program waits for,
  /// unless the loop turns and sees it anyway.
  void ask_for_turn() noexcept;

 protected:
  driver() = default;
  ~driver() = default;

  [[nodiscard]] bool has_slot_and_room() const noexcept {
    return slots_.has_free() && queue_->has_room();
  }

  submission_queue* queue_ = nullptr;  ///< the ring's
  completion_marks completed_;         ///< of its other queue
  slot_table slots_;
  list<waiter, ready_tag> waiting_;            ///< operation_base objects in line
  list<waiter, ready_tag> waiting_elsewhere_;  ///< those that will stand in it
  std::size_t in_kernel_ = 0;  ///< requests, from the submission queue on, without their last CQE
  std::uint32_t write_flags_ = 0;
  /// A recent time: when operations are submitted need not be known exactly.
  std::uint32_t coarse_ms_ = 0;
  driver_counters counters_;

  // What operations refer to by index or by address.
  side_blocks blocks_;
  file_table files_;
  buffer_table buffers_;
};

}  // namespace carousel::detail
