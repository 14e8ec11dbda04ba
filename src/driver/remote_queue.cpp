#include "carousel/detail/driver/remote_queue.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "carousel/detail/driver/driver.hpp"
#include "driver/signal_event.hpp"

namespace carousel::detail {

remote_queue::~remote_queue() {
  if (event_fd_ >= 0) ::close(event_fd_);
}

void remote_queue::arm(remote_node& node, context& here) {
  if (event_fd_ < 0) {
    // Blocking, so that a read of it waits in the ring instead of answering EAGAIN. A write cannot
    // block: the counter never comes near its limit.
    event_fd_ = ::eventfd(0, EFD_CLOEXEC);
    if (event_fd_ < 0)
      throw std::system_error(errno, std::generic_category(),
                              "no eventfd to wake a carousel runtime with");
    here.io->watch(event_fd_);
  }
  armed_.push_back(node);
}

void remote_queue::post(remote_node& node) noexcept {
  remote_node* top = posted_.load(std::memory_order_relaxed);
  do {
    node.posted_before = top;
  } while (!posted_.compare_exchange_weak(top, &node, std::memory_order_release,
                                          std::memory_order_relaxed));
  // Whoever found a node there relies on the wake-up by the one who put it there.
  if (top != nullptr) return;
  signal_event(event_fd_);
}

void remote_queue::collect() noexcept {
  remote_node* node = posted_.exchange(nullptr, std::memory_order_acquire);
  while (node != nullptr) {
    delivered_.push_front(*node);  // the stack has the newest on top
    node = node->posted_before;
  }
}

void remote_queue::disarm(remote_node& node) noexcept {
  node.list_hook<armed_tag>::unlink();
  if (posted_.load(std::memory_order_relaxed) != nullptr) collect();
  node.list_hook<delivered_tag>::unlink();
}

bool remote_queue::may_be_posted() noexcept {
  if (posted_.load(std::memory_order_relaxed) != nullptr) return true;
  bool any = false;
  armed_.for_each([&](remote_node& node) { any = any || node.may_fire(node); });
  return any;
}

void remote_queue::close() noexcept {
  while (!armed_.empty()) {
    remote_node& node = armed_.front();
    node.disconnect(node);
    disarm(node);
  }
}

}  // namespace carousel::detail
