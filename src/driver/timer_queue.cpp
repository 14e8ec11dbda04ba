#include "carousel/detail/driver/timer_queue.hpp"

#include <utility>

#include "base/state_assert.hpp"

namespace carousel::detail {

timer_queue::~timer_queue() {
  while (!heap_.empty()) remove(*heap_.back());
}

void timer_queue::arm(timer_node& node, steady_time deadline) {
  CAROUSEL_ASSERT_STATE(node.queue_ == nullptr, "a timer was armed twice: it is number %zu of %zu",
                        node.position_, heap_.size());
  heap_.push_back(&node);
  node.queue_ = this;
  node.deadline = deadline;
  node.position_ = heap_.size() - 1;
  sift_up(node.position_);
}

void timer_queue::remove(timer_node& node) noexcept {
  const std::size_t hole = node.position_;
  timer_node& last = *heap_.back();
  heap_.pop_back();
  node.queue_ = nullptr;
  if (&last == &node) return;
  put(hole, last);
  sift_up(hole);
  sift_down(last.position_);
}

void timer_queue::expire(steady_time now) noexcept {
  while (!heap_.empty() && earliest() <= now) {
    timer_node& node = *heap_.front();
    remove(node);
    node.expire(node);
  }
}

void timer_queue::put(std::size_t position, timer_node& node) noexcept {
  heap_[position] = &node;
  node.position_ = position;
}

void timer_queue::sift_up(std::size_t position) noexcept {
  timer_node& node = *heap_[position];
  while (position > 0) {
    const std::size_t parent = (position - 1) / 2;
    if (heap_[parent]->deadline <= node.deadline) break;
    put(position, *heap_[parent]);
    position = parent;
  }
  put(position, node);
}

void timer_queue::sift_down(std::size_t position) noexcept {
  timer_node& node = *heap_[position];
  for (;;) {
    std::size_t child = 2 * position + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1]->deadline < heap_[child]->deadline) ++child;
    if (heap_[child]->deadline >= node.deadline) break;
    put(position, *heap_[child]);
    position = child;
  }
  put(position, node);
}

}  // namespace carousel::detail
