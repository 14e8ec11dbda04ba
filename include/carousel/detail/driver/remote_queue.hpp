#pragma once

#include <memory>

#include "carousel/detail/base/list.hpp"
#include "carousel/detail/driver/mailbox.hpp"

namespace carousel::detail {

struct armed_tag;
struct context;
class remote_queue;

/// Mail that lives in an awaiter and belongs to the loop's thread; others only post it, once,
/// between arm() and the moment from which its owner lets nobody post any more, which comes before
/// disarm(). Firing it resumes and destroys nobody.
struct remote_node : mail, list_hook<armed_tag> {
  /// Returns when no thread posts it any more: its runtime ends.
  void (*end_posts)(remote_node&) noexcept = nullptr;
  /// Somebody could still post it.
  bool (*may_fire)(const remote_node&) noexcept = nullptr;

  [[nodiscard]] bool is_armed() const noexcept { return list_hook<armed_tag>::linked(); }
};

/// The loop's side of its mailbox, which it has from the first time on that somebody outside may
/// have something for it. All of it happens on the loop's thread.
class remote_queue {
 public:
  remote_queue() = default;
  remote_queue(const remote_queue&) = delete;
  remote_queue& operator=(const remote_queue&) = delete;
  ~remote_queue() { close(); }

  /// Once the runtime ends it is one that takes nothing. Throws std::system_error when no eventfd
  /// can be had, std::bad_alloc.
  [[nodiscard]] const std::shared_ptr<mailbox>& open(context& here);
  [[nodiscard]] mailbox* box() const noexcept { return box_.get(); }
  [[nodiscard]] bool reads(const mailbox& box) const noexcept { return &box == box_.get(); }
  /// Throws as open() does.
  void arm(remote_node& node, context& here);
  /// Of an armed node that nobody posts any more: withdraws what was posted.
  void disarm(remote_node& node) noexcept;

  [[nodiscard]] bool has_posts() const noexcept { return box_ != nullptr && box_->has_posts(); }
  /// Something was posted and not fired.
  [[nodiscard]] bool pending() const noexcept { return has_posts() || !delivered_.empty(); }
  /// Fires what was posted, in the order in which it was. It stops in a child of fork().
  void deliver() noexcept;
  /// Somebody outside could still post something.
  [[nodiscard]] bool may_be_posted() noexcept;
  /// The runtime ends: nobody posts any more, and what nobody withdraws is discarded.
  void close() noexcept;

 private:
  void gather(mail* newest) noexcept;

  std::shared_ptr<mailbox> box_;    ///< null before open(), and once it is closed
  std::shared_ptr<mailbox> ended_;  ///< the driver may still have to do with its eventfd
  bool closed_ = false;
  list<remote_node, armed_tag> armed_;
  list<mail, delivered_tag> delivered_;
};

}  // namespace carousel::detail
