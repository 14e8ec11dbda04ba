#pragma once

#include <atomic>
#include <cstddef>

#include "carousel/detail/base/list.hpp"
#include "carousel/detail/driver/fork_epoch.hpp"

namespace carousel::detail {

struct delivered_tag;

/// Something that another thread hands to a loop. Whoever posts it gives it away.
struct mail : list_hook<delivered_tag> {
  /// On the loop's thread, in a turn after the post.
  void (*fire)(mail&) noexcept = nullptr;
  /// The same once the loop has ended, instead of fire(). Mail that its owner withdraws before
  /// has none.
  void (*discard)(mail&) noexcept = nullptr;
  mail* posted_before = nullptr;  ///< written by the thread that posts
};

/// How other threads reach a loop: they push onto a stack without a lock, and the first one to find
/// it empty wakes the loop through an eventfd. Posting never waits. It is shared by the loop and
/// all who may post, and outlives the loop: the end is one more value of the stack's top, so that
/// each post either was there before the end, which takes it along, or is refused.
class mailbox {
 public:
  /// Throws std::system_error when no eventfd can be had.
  mailbox();
  mailbox(const mailbox&) = delete;
  mailbox& operator=(const mailbox&) = delete;
  ~mailbox();

  // On any thread.

  /// False: the loop has ended, or this is a child of fork(), where it is not; nothing has
  /// happened.
  [[nodiscard]] bool post(mail& one) noexcept;
  /// Whoever has a handle may post. The loop is woken when the last goes elsewhere: it may have
  /// nothing more to wait for.
  void add_handle() noexcept { handles_.fetch_add(1, std::memory_order_relaxed); }
  void release_handle() noexcept;
  /// Room for small mail that the poster makes and the loop's thread gives back: it goes from the
  /// one to the other and back, so that neither thread needs the heap for long. Throws
  /// std::bad_alloc.
  static constexpr std::size_t block_bytes = 128;
  [[nodiscard]] void* take_block();
  void give_back(void* block) noexcept;

  // On the loop's.

  [[nodiscard]] int event_fd() const noexcept { return event_fd_; }
  /// The program waits for this eventfd from now on, outside of the loop: it is what a post writes
  /// to. Whoever has posted before does not know; look again.
  void loop_left(int outer_fd) noexcept;
  /// The loop turns again.
  void loop_entered() noexcept { is_left_ = false; }
  /// In one order with posts and with loop_left(): who posts sees that, or is seen here after it.
  [[nodiscard]] bool has_posts() const noexcept { return posted_.load() != nullptr; }
  [[nodiscard]] bool has_handles() const noexcept { return handles_.load() != 0; }
  /// All that was posted, the newest first.
  [[nodiscard]] mail* take() noexcept { return posted_.exchange(nullptr); }
  /// The same, and nothing is posted any more.
  [[nodiscard]] mail* close() noexcept { return posted_.exchange(closed()); }
  /// This is a child of fork(), and the mail is its parent's.
  [[nodiscard]] bool inherited() const noexcept { return forks_ != forks; }

 private:
  struct spare {
    spare* next;
  };
  [[nodiscard]] static mail* closed() noexcept { return reinterpret_cast<mail*>(1); }
  void wake() const noexcept;

  std::atomic<mail*> posted_ = nullptr;
  std::atomic<std::size_t> handles_ = 0;
  std::atomic<spare*> spares_ = nullptr;
  int event_fd_;
  std::atomic<int> outer_fd_ = -1;  ///< a duplicate, once the loop was left
  std::atomic<bool> is_left_ = false;
  unsigned forks_ = forks;
};

}  // namespace carousel::detail
