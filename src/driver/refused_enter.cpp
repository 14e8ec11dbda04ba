#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

#include "carousel/detail/driver/operation.hpp"
#include "driver/turn.hpp"
#include "driver/withdraw.hpp"

// What becomes of requests that the kernel does not take.

namespace carousel::detail {
namespace {

/// An enter that the kernel refuses for want of something is tried again after pauses that grow, at
/// least so often and so long; then what it does not take fails.
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

}  // namespace

/// The kernel has refused to be entered, unless a signal or the deadline ended the wait.
void ring_driver::on_failed_enter(int result, ready_queue& ready) {
  if (result == -EINTR || result == -ETIME) {
    enters_.refused = 0;
    return;
  }
  for (const auto& [error, sentence] : ends_of_a_ring) CAROUSEL_ASSERT(result != -error, sentence);
  // EAGAIN, EBUSY, ENOMEM: no memory for a request, or completions must be taken first; what was
  // not submitted stays in the queue and goes out with the next enter. Everything else (a filter's
  // EPERM) will not change.
  const steady_time at = now();
  if (enters_.refused == 0) refused_since_ = at;
  enters_.refused = static_cast<std::uint16_t>(std::min(enters_.refused + 1, 0xffff));
  const bool may_pass = result == -EAGAIN || result == -EBUSY || result == -ENOMEM;
  if (!may_pass ||
      (enters_.refused >= refused_enters_max && at - refused_since_ >= refused_for_max)) {
    withdraw_unsubmitted(refused_enter + result, ready);
  }
  if (ring_->has_completions()) return;
  const unsigned doublings = std::min<unsigned>(enters_.refused, 6);
  ring_->kernel().pause(std::min(std::chrono::milliseconds{1U << doublings}, refused_pause_max));
}

/// An enter went well after some that did not, or with chains in the queue.
void ring_driver::look_after_enter(ready_queue& ready) noexcept {
  enters_.refused = 0;
  if (!enters_.chains) return;
  if (queue_->chain_was_cut()) withdraw_rest_of_chain(ready);
  enters_.chains = !queue_->is_empty();
}

/// The kernel had no memory for all of a chain and runs what it has taken. The rest would start
/// with the next enter whatever becomes of that.
void ring_driver::withdraw_rest_of_chain(ready_queue& ready) noexcept {
  slot* const first = slots_.at_index_of(queue_->name_at(queue_->oldest()));
  const bool was_there = withdraw(
      *first, [&](slot& s) { end_withdrawn(s, &s == first ? -ENOMEM : unasked_cancel, ready); });
  CAROUSEL_ASSERT_STATE(was_there, "the rest of a chain is not in the submission queue: %u are",
                        static_cast<unsigned>(queue_->unsubmitted()));
}

/// The operations that the kernel has not heard of fail with `error`; those that it has stay.
void ring_driver::withdraw_unsubmitted(int error, ready_queue& ready) noexcept {
  whole_turn_needed_ = true;
  ring_->withdraw_all([&](std::uint64_t user_data) {
    slot* const s = slots_.at_index_of(user_data);
    switch (kind_of(user_data)) {
      case completion_kind::nothing: leaves_kernel(); return;
      case completion_kind::wake:
        leaves_kernel();
        wake_.withdrawn(user_data);
        return;
      case completion_kind::operation:
        leaves_kernel();
        uncount_withdrawn();
        end_withdrawn(*s, error, ready);
        return;
      case completion_kind::cancel:
        cancel_leaves_kernel();
        // The operation may have ended while its cancel was kept from the kernel.
        if (s->name == counterpart(user_data) && may_be_canceled(*s)) to_cancel_.push_back(*s);
    }
  });
}

void ring_driver::uncount_withdrawn() noexcept {
  CAROUSEL_ASSERT_STATE(submitted_ != 0,
                        "more operations were withdrawn than were submitted: %zu requests are in "
                        "the kernel",
                        in_kernel_);
  --submitted_;
}

/// Ends an operation that the kernel has not heard of.
void ring_driver::end_withdrawn(slot& s, int error, ready_queue& ready) noexcept {
  finish(s, error);
  s.state = slot_state::withdrawn;
  ready.push_back(*s.awaiter);
}

}  // namespace carousel::detail
