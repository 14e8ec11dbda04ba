#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "carousel/detail/buf/buf_entry.hpp"
#include "carousel/detail/driver/mailbox.hpp"

namespace carousel::detail {

struct context;

/// The leases of a collection that were handed over, and may come back in any thread. Those that
/// have come back wait here, linked through their entries, until the collection's thread takes
/// them; where something waits there for them, a mail to its runtime says so.
///
/// A collection that only such leases keep alive leaves: from then on they are counted here, and
/// the thread that brings back the last one destroys it.
class handed_leases : public std::enable_shared_from_this<handed_leases> {
 public:
  explicit handed_leases(buf_collection& whole) noexcept : whole_(whole) {}
  handed_leases(const handed_leases&) = delete;
  handed_leases& operator=(const handed_leases&) = delete;
  ~handed_leases();

  // On the collection's thread.

  void add(buf_entry& e) noexcept {
    e.next_free = &e;
    ++out_;
  }
  /// Those that were not taken back: out, or waiting here.
  [[nodiscard]] std::uint32_t out() const noexcept { return out_; }
  /// Linked by next_free.
  [[nodiscard]] buf_entry* take_returned() noexcept;
  /// The next one that comes back is told to this runtime. Look for what is there already after
  /// that. Throws std::system_error when no eventfd can be had, std::bad_alloc.
  void ask(context& here);
  /// Nobody is told any more.
  void stop_hearing() noexcept;
  /// Nor that; the collection ends. False: some are out, and it is theirs now.
  [[nodiscard]] bool leave() noexcept;

  // On any.

  void give_back(buf_entry& e) noexcept;

 private:
  /// How one runtime hears of them. Another one that waits gets a door of its own, for this one's
  /// mail may still be under way then.
  struct door : mail {
    door(handed_leases& leases, std::shared_ptr<mailbox> to) noexcept;
    handed_leases& of;
    std::shared_ptr<mailbox> box;
    bool is_asking = false;
    std::shared_ptr<handed_leases> posted_of;  ///< null: it is not under way
    std::shared_ptr<door> posted_self;
  };
  /// What keeps both alive while the mail arrives.
  struct arrival {
    std::shared_ptr<handed_leases> of;
    std::shared_ptr<door> by;
    bool is_awaited;
  };

  // Under the lock.

  void notify() noexcept;
  void stop_asking() noexcept;

  [[nodiscard]] static arrival arrived(door& by) noexcept;

  buf_collection& whole_;
  std::uint32_t out_ = 0;  ///< the collection thread's; under the lock once it has left
  std::mutex lock_;
  std::atomic<buf_entry*> returned_ = nullptr;  ///< changed under the lock
  std::uint32_t returned_count_ = 0;
  bool left_ = false;
  std::shared_ptr<door> door_;  ///< of the runtime in which something has waited last
};

}  // namespace carousel::detail
