#include "carousel/detail/buf/buf_collection.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cinttypes>
#include <new>
#include <utility>

#include "base/sanitizers.hpp"
#include "base/state_assert.hpp"
#include "buf/arena_storage.hpp"
#include "carousel/detail/base/keep_for_ever.hpp"
#include "carousel/detail/buf/group_record.hpp"

namespace carousel::detail {

#if defined(NDEBUG) && !defined(CAROUSEL_ADDRESS_SANITIZER)
extern const bool guards_are_checked = false;
#else
extern const bool guards_are_checked = true;
#endif

namespace {

constexpr std::size_t small_align_min = 64;

[[nodiscard]] bool valid_capacity(std::size_t bytes) noexcept {
  return bytes != 0 && bytes <= fixed_buffer_bytes_max;
}

/// The distance between neighbours of one class, a multiple of their alignment.
[[nodiscard]] std::size_t stride_of(std::size_t capacity) noexcept {
  const std::size_t align =
      std::min(page_bytes, std::bit_ceil(std::max(capacity, small_align_min)));
  return (capacity + align - 1) / align * align;
}

constexpr std::byte guard_pattern{0xa5};
constexpr std::size_t guard_bytes_max = 64;

[[nodiscard]] std::span<std::byte> guard_of(const buf_entry& e) noexcept {
  return {e.data + e.capacity, std::min(stride_of(e.capacity) - e.capacity, guard_bytes_max)};
}

}  // namespace

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
  const bool valid = std::ranges::all_of(
      buffers, [](const raw_buffer& b) { return b.data != nullptr && valid_capacity(b.capacity); });
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
  std::size_t count = 0;
  std::size_t bytes = 0;
  for (const buf_class& c : classes) {
    if (!valid_capacity(c.capacity)) return std::unexpected(make_error_code(errc::bad_buffer));
    if (c.count > fixed_buffers_max - count)
      return std::unexpected(make_error_code(errc::too_many_buffers));
    count += c.count;
    // Each class starts on a page, so that the stride alone decides the alignment.
    bytes = (bytes + page_bytes - 1) / page_bytes * page_bytes + c.count * stride_of(c.capacity);
  }
  if (count == 0) return std::unexpected(make_error_code(errc::bad_buffer));
  auto memory = arena::make(bytes, options.huge);
  if (!memory) return std::unexpected(memory.error());
  if (!options.dump) (void)madvise(memory->bytes().data(), memory->bytes().size(), MADV_DONTDUMP);

  std::vector<raw_buffer> buffers;
  buffers.reserve(count);
  std::size_t at = 0;
  for (const buf_class& c : classes) {
    at = (at + page_bytes - 1) / page_bytes * page_bytes;
    for (std::size_t i = 0; i < c.count; ++i, at += stride_of(c.capacity)) {
      buffers.push_back(
          {.data = memory->bytes().data() + at, .capacity = c.capacity, .initialized = 0});
    }
  }
  auto made = make(std::make_unique<arena_storage>(std::move(*memory)), buffers, options);
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
}

bool buf_collection::is_free_after(buf_entry& e, size_class& c) noexcept {
  check_guard(e);
  size_class& to = groups_.empty() ? c : class_of_next(c);
  if (&to != &c) move(e, to);
  if (!to.waiters.empty()) {
    hand_over(e, to);
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

// Groups.

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
  if (from.whole != nullptr) --from.total;
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
      hand_over(e, to);
    }
  }
}

void buf_collection::take_back(group_record& group) noexcept {
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

void buf_collection::hand_over(buf_entry& e, size_class& c) noexcept {
  auto& w = static_cast<buffer_waiter&>(c.waiters.front());
  CAROUSEL_ASSERT_STATE(w.granted == nullptr, "a waiter was granted two buffers: %u, and %u before",
                        e.index, w.granted->index);
  e.holder = w.task != nullptr ? w.task->id : 0;
  e.size = 0;
  w.granted = &e;
  (void)w.wake();
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
    w.failure = why;
    (void)w.wake();
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
  --still_leased_;
  end_with_the_last_lease();
}

void buf_collection::count_leases() noexcept {
  if (std::exchange(closed_, true)) return;
  watches_check_in_ = true;
  still_leased_ = static_cast<std::uint32_t>(std::ranges::count_if(
      entries_, [](const buf_entry& e) { return e.leased && !e.quarantined; }));
}

void buf_collection::lease_ended() noexcept {
  CAROUSEL_ASSERT_STATE(
      still_leased_ != 0,
      "more leases have come back than were out when the pool closed, of %zu buffers",
      entries_.size());
  --still_leased_;
  if (still_leased_ == 0 && registration_.with() != nullptr) {
    registration_.give_up();  // tells the closer; this may be gone by then
    return;
  }
  end_with_the_last_lease();
}

void buf_collection::end_with_the_last_lease() noexcept {
  if (closer_ != nullptr) wake_closer();
  if (refs_ == 0 && still_leased_ == 0) delete this;
}

void buf_collection::last_handle_gone() noexcept {
  count_leases();
  if (still_leased_ == 0) delete this;
}

void buf_collection::set_guards() noexcept {
  guarded_ = true;
  watches_check_in_ = true;
  for (const buf_entry& e : entries_) std::ranges::fill(guard_of(e), guard_pattern);
}

void buf_collection::check_guard(const buf_entry& e) const noexcept {
  if (!guarded_) return;
  const auto changed =
      std::ranges::count_if(guard_of(e), [](std::byte b) { return b != guard_pattern; });
  CAROUSEL_ASSERT_STATE(
      changed == 0,
      "somebody wrote beyond the end of a buffer that is now checked in: %td of the "
      "%zu bytes behind buffer %u, of %zu bytes",
      changed, guard_of(e).size(), e.index, e.capacity);
}

void buf_collection::unpoison_all() const noexcept {
  for (const buf_entry& e : entries_) unpoison(e.data, e.capacity);
}

void buf_collection::wait_until_returned(buffer_waiter& w, context& here) noexcept {
  w.pool = this;
  w.park(here);
  closer_ = &w;
}

void buf_collection::forget_closer() noexcept { closer_ = nullptr; }

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
