#include "carousel/detail/driver/remote_queue.hpp"

#include <utility>

#include "driver/ring_driver.hpp"

namespace carousel::detail {

const std::shared_ptr<mailbox>& remote_queue::open(context& here) {
  if (closed_) {
    if (ended_ == nullptr) {
      ended_ = std::make_shared<mailbox>();
      (void)ended_->close();
    }
    return ended_;
  }
  if (box_ == nullptr) {
    box_ = std::make_shared<mailbox>();
    ring_driver::of(*here.io).watch(box_->event_fd());
    here.ask_for_turn();  // the read of the eventfd is to be submitted
  }
  return box_;
}

void remote_queue::arm(remote_node& node, context& here) {
  (void)open(here);
  armed_.push_back(node);
}

void remote_queue::deliver() noexcept {
  if (has_posts()) gather(box_->take());
  while (!delivered_.empty()) {
    mail& one = delivered_.pop_front();
    one.fire(one);
    if (box_->inherited()) return;
  }
}

void remote_queue::gather(mail* newest) noexcept {
  // What came before them was delivered, or is a part of a delivery that goes on.
  list<mail, delivered_tag> in_order;
  for (mail* one = newest; one != nullptr; one = one->posted_before) in_order.push_front(*one);
  delivered_.splice_back(in_order);
}

void remote_queue::disarm(remote_node& node) noexcept {
  node.list_hook<armed_tag>::unlink();
  if (has_posts()) gather(box_->take());
  node.list_hook<delivered_tag>::unlink();
}

bool remote_queue::may_be_posted() noexcept {
  if (box_ == nullptr) return false;
  if (box_->has_posts() || box_->has_handles()) return true;
  bool any = false;
  armed_.for_each([&](remote_node& node) { any = any || node.may_fire(node); });
  return any;
}

void remote_queue::close() noexcept {
  closed_ = true;
  while (!armed_.empty()) {
    remote_node& node = armed_.front();
    node.end_posts(node);
    disarm(node);
  }
  if (box_ == nullptr) return;
  ended_ = std::exchange(box_, nullptr);
  gather(ended_->close());
  while (!delivered_.empty()) {
    mail& one = delivered_.pop_front();
    one.discard(one);
  }
}

}  // namespace carousel::detail
