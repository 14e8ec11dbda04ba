#pragma once

#include "base/state_assert.hpp"
#include "carousel/detail/driver/fork_epoch.hpp"
#include "driver/turn.hpp"

namespace carousel::detail {

/// Of the completion of a request that was withdrawn.
inline constexpr std::uint64_t nothing_user_data = user_data_of(completion_kind::nothing);

/// Takes back the request of an operation, and those that are linked with it: a link that ends in a
/// request which does nothing would start the next one. Calls `end(slot&)` for each. False: the
/// kernel has consumed it.
template <class End>
bool ring_driver::withdraw(slot& s, End end) noexcept {
  // In a child of fork() the queue is the parent's, and not even mapped.
  if (forks_ != forks || !queue_->contains(s.queued_at, s.name)) return false;
  const auto [first, last] = queue_->chain_of(s.queued_at);
  for (std::uint32_t at = last; at + 1 != first; --at) {
    slot& one = at == s.queued_at ? s : *slots_.at_index_of(queue_->name_at(at));
    const unsigned gone = queue_->withdraw(at, nothing_user_data);
    CAROUSEL_ASSERT_STATE(gone <= in_kernel_,
                          "more requests were withdrawn than were handed to the kernel: %u of %zu",
                          gone, in_kernel_);
    in_kernel_ -= gone;
    uncount_withdrawn();
    end(one);
  }
  return true;
}

}  // namespace carousel::detail
