#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "carousel/buf/pool_options.hpp"
#include "carousel/detail/base/poison.hpp"
#include "carousel/detail/buf/buf_entry.hpp"
#include "carousel/detail/buf/buf_storage.hpp"
#include "carousel/detail/buf/collection_registration.hpp"

namespace carousel {
class fixed_buf;
}

namespace carousel::detail {

struct fixed_access;
struct collection_probe;  // of the tests
struct group_tag;
class group_record;
class handed_leases;

/// In debug builds of the library the gap after a buffer of our own arenas, where its stride leaves
/// one, has a pattern that check-in looks at: a write beyond the buffer, ours or the kernel's, is
/// found where it was made.
extern const bool guards_are_checked;

/// A coroutine that waits in a pool: for a buffer of one class, or for the last lease to come back.
struct buffer_waiter : parked_waiter {
  failure_code failed = 0;  ///< why it gets none; the first, where the base has room
  buf_collection* pool = nullptr;
  buf_entry* granted = nullptr;

  buffer_waiter() noexcept = default;
  buffer_waiter(const buffer_waiter&) = delete;
  buffer_waiter& operator=(const buffer_waiter&) = delete;
  /// wake(), of one that the pool has waiting.
  bool wake_from_line() noexcept;

 protected:
  /// What it was granted goes to the next one.
  ~buffer_waiter();
};

/// The buffers behind a fixed_buf_pool or a fixed_buf_registry, shared by its handles, its leases
/// and its registration; the last of them frees it. Handles and the registration count, leases do
/// not: they are looked for when the last handle goes or the collection closes, and counted from
/// then on. Every buffer is either free, or leased to exactly one fixed_buf, or handed over to one
/// handed_buf. Not thread-safe, but for give_back(): one thread at a time, and the runtime's thread
/// while it is registered.
class buf_collection {
 public:
  using size_class = buf_size_class;

  /// Errors: bad_buffer, too_many_buffers.
  [[nodiscard]] static result<buf_collection*> make(std::unique_ptr<buf_storage> storage,
                                                    std::span<const raw_buffer> buffers,
                                                    pool_options options);
  /// One arena holding all buffers of all classes, in order. Errors: as above and
  /// not_enough_memory.
  [[nodiscard]] static result<buf_collection*> make(std::span<const buf_class> classes,
                                                    pool_options options);
  buf_collection(const buf_collection&) = delete;
  buf_collection& operator=(const buf_collection&) = delete;

  void retain() noexcept { ++refs_; }
  void release() noexcept {
    if (--refs_ == 0) last_handle_gone();
  }

  // Leases.

  /// The class of exactly this capacity, or null.
  [[nodiscard]] size_class* find(std::size_t capacity) noexcept {
    // Most programs ask for one capacity many times.
    if (found_last_->capacity == capacity) [[likely]]
      return found_last_;
    const auto at = std::ranges::lower_bound(classes_, capacity, {}, &size_class::capacity);
    if (at == classes_.end() || at->capacity != capacity) return nullptr;
    return found_last_ = &*at;
  }

  /// Takes a free buffer of the class for the task with id `holder` (0: for none), or null.
  [[nodiscard]] buf_entry* take(size_class& c, std::uint32_t holder) noexcept {
    registration_.check_thread();
    buf_entry* e = c.free_head;
    if (e == nullptr) {
      take_back_handed();
      e = c.free_head;
      if (e == nullptr) return nullptr;
    }
    c.free_head = e->next_free;
    lend(*e, holder);
    return e;
  }
  /// Takes buffer `index` of a registry; null when it is out.
  [[nodiscard]] buf_entry* take_at(std::size_t index) noexcept {
    registration_.check_thread();
    take_back_handed();
    if (index >= entries_.size() || entries_[index].leased || closed_) return nullptr;
    buf_entry& e = entries_[index];
    lend(e, current_task_id());  // the free list itself is never walked in a registry
    return &e;
  }
  /// A lease ends: the buffer goes straight to the oldest waiter of its class, else to the top of
  /// the free list.
  void check_in(buf_entry& e) noexcept {
    registration_.check_thread();
    if (!e.leased) [[unlikely]]
      checked_in_twice(e);
    size_class& c = *e.size_class;
    if (watches_check_in_ || !c.waiters.empty()) [[unlikely]] {
      if (!is_free_after(e, c)) return;
    }
    e.leased = false;
    e.next_free = c.free_head;
    c.free_head = &e;
  }
  /// Puts a suspended waiter at the end of its class's line; hear_of_handed() comes before.
  void wait(buffer_waiter& w, context& here, size_class& c) noexcept;

  [[nodiscard]] std::span<const buf_entry> entries() const noexcept { return entries_; }
  [[nodiscard]] buf_entry& entry_at(std::size_t index) noexcept { return entries_[index]; }
  [[nodiscard]] const pool_options& options() const noexcept { return options_; }
  [[nodiscard]] std::size_t quarantined() const noexcept { return quarantined_; }

  /// The kernel has the buffer and does not give it back: it is never handed out again, nor its
  /// memory to anybody else. That ends the lease. Waiters of a class that has no other buffer fail
  /// with stale_buffer.
  void quarantine(buf_entry& e) noexcept;

  /// With the driver of the runtime that turns on this thread.
  [[nodiscard]] collection_registration& registration() noexcept { return registration_; }
  [[nodiscard]] const collection_registration& registration() const noexcept {
    return registration_;
  }
  /// The kernel has let go of the memory that was registered.
  void memory_let_go() noexcept;

  // Leases that are handed over.

  /// Throws std::bad_alloc, and std::system_error where something waits and no eventfd can be had;
  /// the lease is what it was then. This may be gone afterwards if it had no handle.
  void hand_over(buf_entry& e);
  /// On any thread: a lease that was handed over ends.
  void give_back(buf_entry& e) noexcept;
  /// Checks in what has come back.
  void take_back_handed() noexcept {
    if (handed_ != nullptr) [[unlikely]]
      check_in_handed();
  }
  /// Something is about to wait in this runtime, and is to hear of what comes back. Not 0: it
  /// cannot, for want of an eventfd or of memory.
  [[nodiscard]] failure_code hear_of_handed(context& here) noexcept;
  /// The same came here.
  void handed_came_back() noexcept;
  /// What has waited has stopped. After the last one no runtime is told any more: the collection
  /// may belong to another thread from now on, and who waits for nothing else is stalled.
  void waits_no_longer() noexcept {
    if (handed_ != nullptr) [[unlikely]]
      hear_only_what_is_awaited();
  }
  /// Of a collection that was left to them.
  void last_handed_is_back() noexcept;

  // Groups.

  /// Gives the group what it misses and is free.
  void lend_to(group_record& group) noexcept;
  /// The group goes: its buffers are the pool's again.
  void end_lending(group_record& group) noexcept;
  /// Buffers that groups have and nobody uses.
  [[nodiscard]] std::size_t lent() const noexcept;

  // The end.

  /// No lease is given any more; the waiters fail with pool_closed; the registration is given up
  /// when the last lease is back.
  void close() noexcept;
  [[nodiscard]] bool closed() const noexcept { return closed_; }
  void wait_until_returned(buffer_waiter& w, context& here) noexcept;
  void leave_closing() noexcept;
  /// Of a closed collection.
  [[nodiscard]] std::size_t still_leased() const noexcept { return still_leased_; }
  /// Nor does the kernel hold the registration.
  [[nodiscard]] bool all_returned() const noexcept {
    return !registration_.holds_memory() && still_leased_ == 0;
  }
  [[nodiscard]] std::unique_ptr<buf_storage> take_storage() noexcept;

  /// Names who checked out each leased buffer, of one class or (null) of all.
  void write_leases(std::FILE* out, const size_class* only) const;

 private:
  friend struct collection_probe;
  buf_collection(std::unique_ptr<buf_storage> storage, pool_options options) noexcept;
  ~buf_collection();
  void make_classes(std::span<const raw_buffer> buffers);
  void add(const raw_buffer& buffer) noexcept;
  void fail_waiters(size_class& c, errc why) noexcept;
  void unpoison_all() const noexcept;
  void set_guards() noexcept;
  static void checked_in_twice(const buf_entry& e) noexcept;
  /// What a check-in has to do besides. False: the buffer is not free now, and this may be gone.
  [[nodiscard]] bool is_free_after(buf_entry& e, size_class& c) noexcept;
  [[nodiscard]] size_class& class_of_next(size_class& from) noexcept;
  static void move(buf_entry& e, size_class& to) noexcept;
  void grant(buf_entry& e, size_class& c) noexcept;
  void check_in_handed() noexcept;
  void hear_only_what_is_awaited() noexcept;
  [[nodiscard]] buffer_waiter* first_waiter() noexcept;
  void wake_closer() noexcept;
  void count_leases() noexcept;
  void count_off_lease() noexcept;
  void end_with_the_last_lease() noexcept;
  void lease_ended() noexcept;
  void end_if_unused() noexcept;
  void last_handle_gone() noexcept;

  static void lend(buf_entry& e, std::uint32_t holder) noexcept {
    e.leased = true;
    unpoison(e.data, e.capacity);
    e.size = 0;
    e.holder = holder;
  }

  collection_registration registration_{*this};
  std::uint32_t refs_ = 1;          ///< handles, and one for the registration
  std::uint32_t still_leased_ = 0;  ///< once closed_: leases, but those of quarantined buffers
  std::uint32_t quarantined_ = 0;
  bool leak_storage_ = false;         ///< some of it is quarantined, and it cannot keep a part
  bool guarded_ = false;              ///< the gaps between the buffers have a pattern
  bool watches_check_in_;             ///< it has more to do: guards, poison, a count when closed_
  bool closed_ = false;               ///< by close(), or because the last handle is gone
  std::vector<buf_entry> entries_;    ///< never grows once made: leases point into it
  std::vector<size_class> classes_;   ///< by capacity; never grows once made
  size_class* found_last_ = nullptr;  ///< null only while the collection is made
  list<group_record, group_tag> groups_;
  buffer_waiter* closer_ = nullptr;
  std::shared_ptr<handed_leases> handed_;  ///< from the first one on
  std::unique_ptr<buf_storage> storage_;
  pool_options options_;
};

inline bool buffer_waiter::wake_from_line() noexcept {
  if (!wake()) return false;
  pool->waits_no_longer();
  return true;
}

inline buffer_waiter::~buffer_waiter() {
  if (granted != nullptr) pool->check_in(*granted);
  if (unpark()) pool->waits_no_longer();
}

/// A counted reference to a collection: what the public handles are made of.
class collection_ref {
 public:
  explicit collection_ref(buf_collection* adopted) noexcept : c_(adopted) {}
  collection_ref(const collection_ref& other) noexcept : c_(other.c_) {
    if (c_ != nullptr) c_->retain();
  }
  collection_ref(collection_ref&& other) noexcept : c_(std::exchange(other.c_, nullptr)) {}
  collection_ref& operator=(collection_ref other) noexcept {
    std::swap(c_, other.c_);
    return *this;
  }
  ~collection_ref() {
    if (c_ != nullptr) c_->release();
  }
  buf_collection* operator->() const noexcept {
    CAROUSEL_ASSERT(c_ != nullptr, "this pool or registry was moved from or closed");
    return c_;
  }

 private:
  buf_collection* c_;
};

}  // namespace carousel::detail
