#pragma once

#include <cstddef>
#include <cstdint>

#include "carousel/detail/base/assert.hpp"
#include "carousel/detail/base/waiter.hpp"
#include "carousel/detail/driver/file_table.hpp"
#include "carousel/detail/driver/side_blocks.hpp"
#include "carousel/detail/driver/slot_table.hpp"
#include "carousel/detail/ring/completion_marks.hpp"
#include "carousel/detail/ring/submission_queue.hpp"

namespace carousel::detail {

struct operation_base;

/// What operations see of whoever drives the ring: the record of each and the submission queue.
/// They never enter the kernel. What is done once per operation is here, for the compiler to put
/// into the awaiter; the rest of it is src/driver/ring_driver.hpp.
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
  /// The same for operations that start together.
  [[nodiscard]] bool can_start(unsigned operations) const noexcept {
    return waiting_.empty() && has_slots_and_room(operations);
  }
  /// Whether so many may ever start together.
  [[nodiscard]] bool could_start(std::size_t operations) const noexcept {
    return operations <= queue_->requests_max() && operations <= slots_.slots_max();
  }
  /// No request waits for the next enter, and no completion for its awaiter: what is done without
  /// the ring now keeps nobody.
  [[nodiscard]] bool stands_still() const noexcept {
    return queue_->is_empty() && !completed_.differ();
  }
  /// can_start() must hold. Throws std::bad_alloc when a new chunk of slots cannot be had.
  [[nodiscard]] slot& take() { return slots_.take(); }
  /// Where the request of the slot that was taken last is to be written.
  [[nodiscard]] request& next_request() noexcept { return queue_->next(); }
  /// Queues the request.
  void submit(slot& s, operation_base& awaiter, const operation_kind& kind, request& r) noexcept {
    CAROUSEL_ASSERT(s.state == slot_state::free, in_use(s));
    s.awaiter = &awaiter;
    s.kind = &kind;
    s.code = r.code;
    s.started_ms = coarse_ms_;
    s.state = slot_state::submitted;
    r.user_data = s.name;
    s.queued_at = queue_->push();
    ++in_kernel_;
    ++submitted_;
  }
  /// Frees a slot whose operation has ended and holds nothing.
  void release(slot& s) noexcept {
    release_side(s);
    slots_.give_back(s);
  }
  /// Its side block alone, where it has one.
  void release_side(slot& s) noexcept {
    if (s.side != nullptr) [[unlikely]]
      blocks_.give_back(s);
  }
  /// A recycled block that lives as long as the slot's operation. Throws std::bad_alloc.
  [[nodiscard]] std::byte* side_block(slot& s, std::size_t bytes) { return blocks_.take(s, bytes); }

  [[nodiscard]] file_table& files() noexcept { return files_; }
  [[nodiscard]] const file_table& files() const noexcept { return files_; }
  /// For a file that is to be opened, or a connection that is to be accepted, without a descriptor.
  /// None when the table is full, and before Linux 5.15, which ignores the index.
  [[nodiscard]] file_entry reserve_entry() noexcept;
  [[nodiscard]] bool supports(opcode code) const noexcept;
  /// A full completion queue loses none. Where it may, the requests in the kernel are held back to
  /// its entries, and none of them may complete more than once.
  [[nodiscard]] bool keeps_every_completion() const noexcept;
  /// Flags for a write that must fail with EPIPE instead of raising SIGPIPE.
  [[nodiscard]] std::uint32_t write_flags() const noexcept { return write_flags_; }
  /// Its kernel is Linux itself, which sys::read_now() asks.
  [[nodiscard]] bool has_bare_reads() const noexcept { return has_bare_reads_; }

 protected:
  driver() = default;
  ~driver() = default;

  [[nodiscard]] bool has_slot_and_room() const noexcept {
    return slots_.has_free() && queue_->has_room();
  }
  [[nodiscard]] bool has_slots_and_room(unsigned operations) const noexcept {
    return queue_->has_room(operations) && slots_.has_free(operations);
  }

  submission_queue* queue_ = nullptr;  ///< the ring's
  completion_marks completed_;         ///< of its other queue
  slot_table slots_;
  list<waiter, ready_tag> waiting_;  ///< operation_base objects in line
  std::size_t in_kernel_ = 0;  ///< requests, from the submission queue on, without their last CQE
  std::uint32_t write_flags_ = 0;
  bool has_bare_reads_ = false;
  /// A recent time: when operations are submitted need not be known exactly.
  std::uint32_t coarse_ms_ = 0;
  std::uint64_t submitted_ = 0;  ///< operations handed to the kernel

  // What operations refer to by index or by address.
  side_blocks blocks_;
  file_table files_;
};

}  // namespace carousel::detail
