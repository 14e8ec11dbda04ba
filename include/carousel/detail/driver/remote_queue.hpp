#pragma once

#include <atomic>

#include "carousel/detail/base/list.hpp"

namespace carousel::detail {

struct armed_tag;
struct delivered_tag;
struct context;
class remote_queue;

/// Something that another thread may set off once. It lives in an awaiter and belongs to the loop's
/// thread; others only post() it, between arm() and the moment from which its owner lets nobody
/// post any more, which comes before disarm().
struct remote_node : list_hook<armed_tag>, list_hook<delivered_tag> {
  /// On the loop's thread, in a turn after post(). Resumes and destroys nobody.
  void (*fire)(remote_node&) noexcept = nullptr;
  /// Returns when no thread posts it any more: its runtime ends.
  void (*disconnect)(remote_node&) noexcept = nullptr;
  /// Somebody could still post it.
  bool (*may_fire)(const remote_node&) noexcept = nullptr;
  remote_node* posted_before = nullptr;  ///< written by the thread that posts

  [[nodiscard]] bool is_armed() const noexcept { return list_hook<armed_tag>::linked(); }
};

/// How other threads reach a loop: they push onto a stack without a lock, and the first one to find
/// it empty wakes the loop through an eventfd. All else happens on the loop's thread. Posting
/// allocates nothing and never waits.
class remote_queue {
 public:
  remote_queue() = default;
  remote_queue(const remote_queue&) = delete;
  remote_queue& operator=(const remote_queue&) = delete;
  ~remote_queue();

  /// Throws std::system_error when no eventfd can be had.
  void arm(remote_node& node, context& here);
  /// On any thread.
  void post(remote_node& node) noexcept;
  /// Of an armed node that nobody posts any more: forgets what was posted.
  void disarm(remote_node& node) noexcept;
  [[nodiscard]] bool has_posts() const noexcept {
    return posted_.load(std::memory_order_relaxed) != nullptr;
  }
  /// Something was posted and not fired.
  [[nodiscard]] bool pending() const noexcept { return has_posts() || !delivered_.empty(); }
  /// Fires what was posted.
  void deliver() noexcept {
    if (has_posts()) collect();
    while (!delivered_.empty()) {
      remote_node& node = delivered_.pop_front();
      node.fire(node);
    }
  }
  /// Somebody outside could still post something.
  [[nodiscard]] bool may_be_posted() noexcept;
  /// The runtime ends: nobody posts any more.
  void close() noexcept;

 private:
  void collect() noexcept;

  list<remote_node, armed_tag> armed_;
  list<remote_node, delivered_tag> delivered_;
  std::atomic<remote_node*> posted_ = nullptr;
  int event_fd_ = -1;
};

}  // namespace carousel::detail
