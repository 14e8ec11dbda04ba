#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/state_assert.hpp"
#include "carousel/detail/buf/buf_collection.hpp"
#include "carousel/detail/buf/group_record.hpp"

// Which of a pool's buffers its groups have.

namespace carousel::detail {

/// Whose a buffer is that comes back: the pool's, while somebody waits for one there; then that of
/// the group it belongs to, or of one that misses some, those first in whose line somebody stands.
buf_size_class& buf_collection::class_of_next(size_class& from) noexcept {
  size_class& whole = from.whole != nullptr ? *from.whole : from;
  if (!whole.waiters.empty()) return whole;
  size_class* to = &from;
  groups_.for_each([&](group_record& group) {
    size_class& its = group.buffers();
    if (its.whole != &whole || !to->waiters.empty()) return;
    if (!its.waiters.empty() || (to == &whole && group.misses_some())) to = &its;
  });
  return *to;
}

void buf_collection::move(buf_entry& e, size_class& to) noexcept {
  size_class& from = *std::exchange(e.size_class, &to);
  if (from.whole != nullptr) {
    CAROUSEL_ASSERT_STATE(from.total != 0,
                          "buffer %u left a group of buffers of %zu bytes that has none", e.index,
                          from.capacity);
    --from.total;
  }
  if (to.whole != nullptr) ++to.total;
}

void buf_collection::lend_to(group_record& group) noexcept {
  watches_check_in_ = true;
  if (!group.linked()) groups_.push_back(group);
  size_class& to = group.buffers();
  size_class& whole = *to.whole;
  while (group.misses_some() && whole.free_head != nullptr) {
    buf_entry& e = *std::exchange(whole.free_head, whole.free_head->next_free);
    move(e, to);
    if (to.waiters.empty()) {
      e.next_free = to.free_head;
      to.free_head = &e;
    } else {
      lend(e, 0);
      grant(e, to);
    }
  }
}

void buf_collection::end_lending(group_record& group) noexcept {
  group.unlink();
  size_class& from = group.buffers();
  for (buf_entry& e : entries_) {
    if (e.size_class != &from) continue;
    move(e, *from.whole);
    if (e.leased || closed_) continue;
    lend(e, 0);
    check_in(e);
  }
}

std::size_t buf_collection::lent() const noexcept {
  if (closed_) return 0;
  return static_cast<std::size_t>(std::ranges::count_if(
      entries_, [](const buf_entry& e) { return !e.leased && e.size_class->whole != nullptr; }));
}

}  // namespace carousel::detail
