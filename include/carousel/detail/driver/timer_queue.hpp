#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "carousel/config.hpp"

namespace carousel::detail {

using steady_time = std::chrono::steady_clock::time_point;

class timer_queue;

/// One deadline; leaves its queue in O(log n) when destroyed.
struct timer_node {
  steady_time deadline{};
  /// Called once, after the node has left the queue.
  void (*expire)(timer_node&) noexcept = nullptr;

  timer_node() = default;
  timer_node(const timer_node&) = delete;
  timer_node& operator=(const timer_node&) = delete;
  ~timer_node() { disarm(); }
  void disarm() noexcept;
  [[nodiscard]] bool armed() const noexcept { return queue_ != nullptr; }

 private:
  friend class timer_queue;
  timer_queue* queue_ = nullptr;
  std::size_t position_ = 0;
};

/// A binary heap of deadlines. Equal deadlines expire in no particular order.
class timer_queue {
 public:
  timer_queue() = default;
  timer_queue(const timer_queue&) = delete;
  timer_queue& operator=(const timer_queue&) = delete;
  ~timer_queue();

  [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }
  [[nodiscard]] steady_time earliest() const noexcept { return heap_.front()->deadline; }
  void arm(timer_node& node, steady_time deadline);
  void remove(timer_node& node) noexcept;
  /// Expires every deadline that is not after `now`.
  void expire(steady_time now) noexcept;

 private:
  void put(std::size_t position, timer_node& node) noexcept;
  void sift_up(std::size_t position) noexcept;
  void sift_down(std::size_t position) noexcept;
  std::vector<timer_node*> heap_;
};

inline void timer_node::disarm() noexcept {
  if (queue_ != nullptr) queue_->remove(*this);
}

}  // namespace carousel::detail
