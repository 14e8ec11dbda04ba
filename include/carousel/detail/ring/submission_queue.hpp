#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "carousel/detail/base/request.hpp"

namespace carousel::detail {

/// The queue in which requests wait for the next enter, in memory shared with the kernel. Between
/// two enters nobody but us looks at it: what stands in it can still be withdrawn.
class submission_queue {
 public:
  [[nodiscard]] bool has_room() const noexcept { return tail_ != end_; }
  /// For so many.
  [[nodiscard]] bool has_room(std::uint32_t requests) const noexcept {
    return end_ - tail_ >= requests;
  }
  [[nodiscard]] std::uint32_t requests_max() const noexcept { return mask_ + 1; }
  /// The next entry, empty, to be filled in place; it counts from push() on. has_room() must hold.
  [[nodiscard]] request& next() noexcept { return *std::construct_at(&entry(tail_)); }
  /// Returns where it stands, for contains().
  std::uint32_t push() noexcept { return tail_++; }

  /// No request waits for the next enter.
  [[nodiscard]] bool is_empty() const noexcept { return tail_ == consumed_; }
  /// Requests that the kernel has not consumed, those of an earlier enter that it refused included.
  [[nodiscard]] std::uint32_t unsubmitted() const noexcept { return tail_ - head(); }

  /// Whether the request that was pushed as `position`, with this user_data, has not been consumed.
  /// Positions repeat after 2^32 requests; the name tells those of one position apart.
  [[nodiscard]] bool contains(std::uint32_t position, std::uint64_t user_data) const noexcept {
    return position - head() < unsubmitted() && entry(position).user_data == user_data;
  }
  /// The first and the last of the requests that are linked with one another.
  struct chain {
    std::uint32_t first;
    std::uint32_t last;
  };
  /// The chain in which a request stands that contains(), alone mostly. The kernel has consumed
  /// none of it.
  [[nodiscard]] chain chain_of(std::uint32_t position) const noexcept {
    chain all{.first = position, .last = position};
    while (all.first != head() && links(all.first - 1)) --all.first;
    while (links(all.last)) ++all.last;
    return all;
  }
  /// Asked once after an enter: it has consumed the beginning of a chain, and the rest of that
  /// stands first.
  [[nodiscard]] bool chain_was_cut() noexcept {
    if (unsubmitted() == 0 || !links(head() - 1)) return false;
    entry(head() - 1).sqe_flags = 0;
    return true;
  }
  /// Where the oldest request stands that the kernel has not consumed.
  [[nodiscard]] std::uint32_t oldest() const noexcept { return head(); }
  [[nodiscard]] std::uint64_t name_at(std::uint32_t position) const noexcept {
    return entry(position).user_data;
  }
  /// Makes a request that contains() does nothing, or removes it where it is the last; `name` is
  /// the user_data of the completion that it then brings. Returns how many requests are gone.
  unsigned withdraw(std::uint32_t position, std::uint64_t name) noexcept {
    std::construct_at(&entry(position))->user_data = name;
    unsigned gone = 0;
    for (; unsubmitted() != 0 && entry(tail_ - 1).user_data == name; ++gone) --tail_;
    return gone;
  }

 protected:
  submission_queue(request* entries, std::uint32_t count, std::uint32_t* head,
                   std::uint32_t tail) noexcept
      : entries_(entries), mask_(count - 1), tail_(tail), head_(head) {
    make_room();
  }

  /// After the kernel may have consumed some.
  void make_room() noexcept {
    consumed_ = head();
    end_ = consumed_ + mask_ + 1;
  }
  /// What the kernel is told with the next enter.
  [[nodiscard]] std::uint32_t tail() const noexcept { return tail_; }
  [[nodiscard]] std::uint32_t head() const noexcept {
    return std::atomic_ref(*head_).load(std::memory_order_acquire);
  }
  [[nodiscard]] request& entry(std::uint32_t position) const noexcept {
    return entries_[position & mask_];
  }
  void withdraw_all() noexcept { tail_ = head(); }

 private:
  [[nodiscard]] bool links(std::uint32_t position) const noexcept {
    return (entry(position).sqe_flags & sqe_io_link) != 0;
  }

  request* entries_;
  std::uint32_t mask_;  ///< entries, a power of two, less one
  std::uint32_t tail_;
  std::uint32_t end_ = 0;       ///< the tail of a full queue
  std::uint32_t consumed_ = 0;  ///< what the head was after the last enter
  std::uint32_t* head_;
};

}  // namespace carousel::detail
