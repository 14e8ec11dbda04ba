#include "carousel/detail/buf/buf_collection.hpp"

#include <algorithm>
#include <cinttypes>
#include <utility>

#include "base/state_assert.hpp"
#include "buf/arena_layout.hpp"
#include "buf/guards.hpp"
#include "carousel/detail/base/keep_for_ever.hpp"
#include "carousel/detail/buf/group_record.hpp"
#include "carousel/detail/buf/handed_leases.hpp"

namespace carousel::detail {

buf_collection::buf_collection(std::unique_ptr<buf_storage> storage, pool_options options) noexcept
    : watches_check_in_(memory_is_poisoned), storage_(std::move(storage)), options_(options) {}

buf_collection::~buf_collection() {
  CAROUSEL_ASSERT_STATE(still_leased_ == 0 && closer_ == nullptr && !registration_.holds_memory(),
                        "a pool has ended while somebody uses its buffers: %u leases%s%s",
                        still_leased_, closer_ != nullptr ? ", a close()" : "",
                        registration_.holds_memory() ? ", the kernel" : "");
  unpoison_all();
  if (leak_storage_) keep_for_ever(storage_.release());
}

result<buf_collection*> buf_collection::make(std::unique_ptr<buf_storage> storage,
                                             std::span<const raw_buffer> buffers,
                                             pool_options options) {
  if (buffers.size() > fixed_buffers_max)
    return std::unexpected(make_error_code(errc::too_many_buffers));
  const bool valid = std::ranges::all_of(buffers, [](const raw_buffer& b) {
    return b.data != nullptr && is_buffer_capacity(b.capacity);
  });
  if (buffers.empty() || !valid) return std::unexpected(make_error_code(errc::bad_buffer));
  auto* made = new buf_collection(std::move(storage), options);
  const collection_ref owner(made);
  made->make_classes(buffers);
  made->entries_.reserve(buffers.size());
  for (const raw_buffer& b : buffers) made->add(b);
  made->retain();
  return made;
}

result<buf_collection*> buf_collection::make(std::span<const buf_class> classes,
                                             pool_options options) {
  auto arena = lay_out(classes, options);
  if (!arena) return std::unexpected(arena.error());
  auto made = make(std::move(arena->storage), arena->buffers, options);
  if (guards_are_checked && made) (*made)->set_guards();
  return made;
}

void buf_collection::make_classes(std::span<const raw_buffer> buffers) {
  std::vector<std::size_t> capacities;
  for (const raw_buffer& b : buffers) {
    if (capacities.empty() || capacities.back() != b.capacity) capacities.push_back(b.capacity);
  }
  std::ranges::sort(capacities);
  capacities.erase(std::ranges::unique(capacities).begin(), capacities.end());
  classes_ = std::vector<size_class>(capacities.begin(), capacities.end());
  found_last_ = classes_.data();
}

void buf_collection::add(const raw_buffer& buffer) noexcept {
  size_class* const c = find(buffer.capacity);
  buf_entry& e =
      entries_.emplace_back(buf_entry{.data = buffer.data,
                                      .owner = this,
                                      .size_class = c,
                                      .next_free = c->free_head,
                                      .capacity = buffer.capacity,
                                      .size = 0,
                                      .initialized = buffer.initialized,
                                      .holder = 0,
                                      .index = static_cast<std::uint16_t>(entries_.size()),
                                      .leased = false,
                                      .quarantined = false});
  c->free_head = &e;
  ++c->total;
  poison(e.data, e.capacity);
}

void buf_collection::wait(buffer_waiter& w, context& here, size_class& c) noexcept {
  w.pool = this;
  c.waiters.push_back(w);
  w.park(here);
  take_back_handed();
}

bool buf_collection::is_free_after(buf_entry& e, size_class& c) noexcept {
  if (guarded_) check_guard(e);
  size_class& to = groups_.empty() ? c : class_of_next(c);
  if (&to != &c) move(e, to);
  if (!to.waiters.empty()) {
    grant(e, to);
    return false;
  }
  poison(e.data, e.capacity);
  if (!closed_ && &to == &c) return true;
  e.leased = false;
  if (closed_) {
    lease_ended();
  } else {
    e.next_free = to.free_head;
    to.free_head = &e;
  }
  return false;
}

void buf_collection::grant(buf_entry& e, size_class& c) noexcept {
  auto& w = static_cast<buffer_waiter&>(c.waiters.front());
  CAROUSEL_ASSERT_STATE(w.granted == nullptr, "a waiter was granted two buffers: %u, and %u before",
                        e.index, w.granted->index);
  e.holder = w.task != nullptr ? w.task->id : 0;
  e.size = 0;
  w.granted = &e;
  (void)w.wake_from_line();
}

void buf_collection::checked_in_twice(const buf_entry& e) noexcept {
  CAROUSEL_ASSERT_STATE(
      e.leased,
      "a buffer was checked in twice: number %u, of %zu bytes, which task %" PRIu32 " had", e.index,
      e.capacity, e.holder);
}

// The end.

void buf_collection::close() noexcept {
  count_leases();
  const auto end = [this](size_class& c) {
    fail_waiters(c, errc::pool_closed);
    c.free_head = nullptr;
  };
  std::ranges::for_each(classes_, end);
  groups_.for_each([&](group_record& group) { end(group.buffers()); });
  // Leases that are out go on with their fixed operations; the last one to come back ends the
  // registration.
  if (still_leased_ == 0) registration_.give_up();
}

void buf_collection::memory_let_go() noexcept {
  if (closer_ != nullptr) wake_closer();
}

void buf_collection::fail_waiters(size_class& c, errc why) noexcept {
  while (!c.waiters.empty()) {
    auto& w = static_cast<buffer_waiter&>(c.waiters.front());
    w.failed = failure(why);
    (void)w.wake_from_line();
  }
}

void buf_collection::quarantine(buf_entry& e) noexcept {
  size_class& whole = e.size_class->whole != nullptr ? *e.size_class->whole : *e.size_class;
  e.quarantined = true;
  ++whole.quarantined;
  if (e.size_class != &whole) ++e.size_class->quarantined;
  ++quarantined_;  // it stays marked as leased: nobody can check it out
  if (!leak_storage_ && !storage_->quarantine({e.data, e.capacity})) {
    leak_storage_ = true;
    std::fprintf(stderr,
                 "  the pool of that buffer is made of the program's own memory: all %zu buffers "
                 "will be leaked with it\n",
                 entries_.size());
  }
  if (whole.quarantined == whole.total) fail_waiters(whole, errc::stale_buffer);
  groups_.for_each([&](group_record& group) {
    if (group.buffers().whole != &whole) return;
    lend_to(group);
    if (whole.quarantined == whole.total) fail_waiters(group.buffers(), errc::stale_buffer);
  });
  if (!closed_) return;
  // The kernel has it still: the registration is left to the end of the driver.
  count_off_lease();
  end_with_the_last_lease();
}

void buf_collection::count_leases() noexcept {
  if (std::exchange(closed_, true)) return;
  watches_check_in_ = true;
  still_leased_ = static_cast<std::uint32_t>(std::ranges::count_if(
      entries_, [](const buf_entry& e) { return e.leased && !e.quarantined; }));
}

void buf_collection::count_off_lease() noexcept {
  CAROUSEL_ASSERT_STATE(
      still_leased_ != 0,
      "more leases have come back than were out when the pool closed, of %zu buffers",
      entries_.size());
  --still_leased_;
}

void buf_collection::lease_ended() noexcept {
  count_off_lease();
  if (still_leased_ == 0 && registration_.with() != nullptr) {
    registration_.give_up();  // tells the closer; this may be gone by then
    return;
  }
  end_with_the_last_lease();
}

void buf_collection::end_with_the_last_lease() noexcept {
  if (closer_ != nullptr) wake_closer();
  if (refs_ == 0) end_if_unused();
}

void buf_collection::last_handle_gone() noexcept {
  count_leases();
  end_if_unused();
}

void buf_collection::end_if_unused() noexcept {
  if (still_leased_ != (handed_ != nullptr ? handed_->out() : 0)) return;
  if (handed_ != nullptr && !handed_->leave()) return;  // and this may be gone
  still_leased_ = 0;
  delete this;
}

void buf_collection::set_guards() noexcept {
  guarded_ = true;
  watches_check_in_ = true;
  std::ranges::for_each(entries_, set_guard);
}

void buf_collection::unpoison_all() const noexcept {
  for (const buf_entry& e : entries_) unpoison(e.data, e.capacity);
}

void buf_collection::wait_until_returned(buffer_waiter& w, context& here) noexcept {
  w.pool = this;
  w.park(here);
  closer_ = &w;
  take_back_handed();
}

void buf_collection::leave_closing() noexcept {
  closer_ = nullptr;
  waits_no_longer();
}

void buf_collection::wake_closer() noexcept {
  if (!all_returned()) return;
  (void)std::exchange(closer_, nullptr)->wake();
}

std::unique_ptr<buf_storage> buf_collection::take_storage() noexcept {
  unpoison_all();
  return std::move(storage_);
}

void buf_collection::write_leases(std::FILE* out, const size_class* only) const {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const buf_entry& e = entries_[i];
    if (!e.leased || e.quarantined || (only != nullptr && e.size_class != only)) continue;
    if (e.holder != 0) {
      std::fprintf(out, "    buffer %zu was checked out by task %" PRIu32 "\n", i, e.holder);
    } else {
      std::fprintf(out, "    buffer %zu was checked out outside every task\n", i);
    }
  }
}

}  // namespace carousel::detail
