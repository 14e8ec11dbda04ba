#include <algorithm>
#include <cerrno>

#include "base/state_assert.hpp"
#include "carousel/detail/driver/operation.hpp"
#include "driver/turn.hpp"

// What completions mean that are not the last one of an operation which is awaited.

namespace carousel::detail {

/// What a negative result tells the awaiter.
std::int32_t ring_driver::meaning(const slot& s, std::int32_t res) noexcept {
  const bool asked = (s.notes & stop_wanted) != 0;
  if (res == -ECANCELED) return asked ? res : unasked_cancel;
  // An open or a read by a worker may answer a cancel with the kernel's own restart codes. So may a
  // close, but that has freed its number by then: it must not look like one that never ran.
  const bool interrupted = res == -EINTR || (res <= -512 && res >= -516);
  if (asked && interrupted && s.code != opcode::close) return -ECANCELED;
  return res;
}

/// The last completion of an operation with notes that is awaited. True: it was that of a part, and
/// the operation has begun again.
bool ring_driver::finish_noted(slot& s, std::int32_t res) noexcept {
  const std::uint8_t notes = s.notes;
  finish(s, res);
  return (notes & (may_repeat | stop_wanted)) == may_repeat && s.kind->repeat(s);
}

void ring_driver::cancel_leaves_kernel() noexcept {
  CAROUSEL_ASSERT_STATE(cancels_in_kernel_ != 0,
                        "more cancels have left the kernel than were handed to it: of %zu requests "
                        "that it has none is one",
                        in_kernel_);
  --cancels_in_kernel_;
  leaves_kernel();
}

/// All that is not the last completion of an operation that is awaited.
void ring_driver::on_other_completion(std::uint64_t user_data, std::int32_t res,
                                      std::uint32_t flags) noexcept {
  slot* const s = slots_.at_index_of(user_data);
  whole_turn_needed_ = true;
  switch (kind_of(user_data)) {
    case completion_kind::operation:
      if (s == nullptr || s->name != user_data || !held_by_kernel(*s)) break;
      if ((flags & sys::cqe_more) != 0) {
        if (s->kind->part != nullptr) {
          on_early_result(*s, meaning(*s, res));
        } else {
          on_item(*s, res, flags);
        }
        return;
      }
      leaves_kernel();
      finish(*s, meaning(*s, res));
      tell_file(*s, s->res);
      ended_orphans_.push_back(*s);
      return;
    case completion_kind::cancel:
      cancel_leaves_kernel();
      // Else the operation is over, and the slot may serve another.
      if (s != nullptr && s->name == counterpart(user_data)) on_cancel(*s, res);
      return;
    case completion_kind::wake:
      leaves_kernel();
      wake_.complete(user_data);
      return;
    case completion_kind::nothing: leaves_kernel(); return;
  }
  ++counters_.stray;
}

void ring_driver::on_item(slot& s, std::int32_t res, std::uint32_t flags) noexcept {
  if (s.state == slot_state::submitted) {
    if (s.kind->item != nullptr) {
      s.kind->item(s, res, flags);
      return;
    }
    ++counters_.stray;
  }
  s.kind->discard_item(s, res);
}

/// The kernel has done with the file, and keeps the memory for as long as it likes: the slot waits
/// for it alone, and nobody can hurry that.
void ring_driver::on_early_result(slot& s, std::int32_t res) noexcept {
  if ((s.notes & stop_wanted) != 0) s.unlink();  // from the cancel lists
  s.notes = static_cast<std::uint8_t>((s.notes & uses_removed_buffers) | result_given);
  if (s.state == slot_state::submitted) {
    s.kind->part(s, res);
    s.state = slot_state::orphaned;
    this_context().ready.push_back(leave_awaiter(s));
    return;
  }
  tell_file(s, res);
  const fd_ref file(std::exchange(s.file, nullptr));
  if (file) file->end_operation();
}

/// At once, for the next completion may be of an operation on the same file.
void ring_driver::tell_file(const slot& orphan, std::int32_t res) noexcept {
  if (orphan.kind->tell_file != nullptr) orphan.kind->tell_file(orphan, res);
}

void ring_driver::on_cancel(slot& s, std::int32_t res) noexcept {
  // ENOENT and EALREADY do not mean finished: a read that a device or a worker executes answers so,
  // and completes later.
  if (!may_be_canceled(s)) return;
  if (res != -ENOENT && res != -EALREADY) return;
  if (to_recancel_.empty() || recancel_after_ == recancel_after_.zero()) {
    recancel_after_ = std::clamp(recancel_after_ * 2, std::chrono::milliseconds{10},
                                 std::chrono::milliseconds{1000});
    recancel_at_ = ring_->kernel().now() + recancel_after_;
  }
  to_recancel_.push_back(s);
}

void ring_driver::dispose_ended_orphans() noexcept {
  while (!ended_orphans_.empty()) {
    dispose(ended_orphans_.pop_front());
  }
}

}  // namespace carousel::detail
