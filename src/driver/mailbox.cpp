#include "carousel/detail/driver/mailbox.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <system_error>
#include <utility>

#include "carousel/detail/base/recycler.hpp"
#include "carousel/detail/driver/context.hpp"
#include "driver/signal_event.hpp"

namespace carousel::detail {

// Blocking, so that a read of it waits in the ring instead of answering EAGAIN. A write cannot
// block: the counter never comes near its limit.
mailbox::mailbox() : event_fd_(::eventfd(0, EFD_CLOEXEC)) {
  if (event_fd_ < 0)
    throw std::system_error(errno, std::generic_category(),
                            "no eventfd to wake a carousel runtime with");
}

mailbox::~mailbox() {
  ::close(event_fd_);
  if (const int outer = outer_fd_; outer >= 0) ::close(outer);
  for (spare* block = spares_.load(); block != nullptr;)
    recycler::deallocate(std::exchange(block, block->next), block_bytes);
}

bool mailbox::post(mail& one) noexcept {
  if (inherited()) return false;
  mail* top = posted_.load(std::memory_order_relaxed);
  do {
    if (top == closed()) return false;
    one.posted_before = top;
  } while (!posted_.compare_exchange_weak(top, &one, std::memory_order_seq_cst,
                                          std::memory_order_relaxed));
  // Whoever found mail there relies on the wake-up by the one who put it there.
  if (top == nullptr) wake();
  return true;
}

/// Not by the ring's read where the program waits outside: Linux tells its eventfd late, and only
/// once, of what a write to another eventfd has completed.
void mailbox::wake() const noexcept {
  const int outer = is_left_ ? outer_fd_.load() : -1;
  signal_event(outer >= 0 ? outer : event_fd_);
}

void mailbox::loop_left(int outer_fd) noexcept {
  if (outer_fd_ < 0) outer_fd_ = ::fcntl(outer_fd, F_DUPFD_CLOEXEC, 0);
  is_left_ = true;
}

void mailbox::release_handle() noexcept {
  if (handles_.fetch_sub(1) != 1 || inherited()) return;
  const bool inside = current_context != nullptr && current_context->remote.reads(*this);
  // Where something is posted, or the loop has ended, it looks by itself.
  if (!inside && posted_.load() == nullptr) wake();
}

void* mailbox::take_block() {
  // All at once, because to take one of a stack that others push onto could mistake a block for one
  // that was there before.
  spare* const first =
      spares_.load(std::memory_order_relaxed) != nullptr ? spares_.exchange(nullptr) : nullptr;
  if (first == nullptr) return recycler::allocate(block_bytes);
  for (spare* more = first->next; more != nullptr;)
    recycler::deallocate(std::exchange(more, more->next), block_bytes);
  return first;
}

void mailbox::give_back(void* block) noexcept {
  auto* const one = new (block) spare{spares_.load(std::memory_order_relaxed)};
  while (!spares_.compare_exchange_weak(one->next, one, std::memory_order_release,
                                        std::memory_order_relaxed)) {
  }
}

}  // namespace carousel::detail
