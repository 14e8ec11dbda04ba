#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "carousel/buf/fixed_buf.hpp"

namespace carousel {

/// What fixed_buf_pool::next() returns: awaited once, gives result<fixed_buf>.
///
/// Waiters of one class are served strictly in the order in which they began to wait, each directly
/// by the check-in that frees a buffer. Destroying the waiting coroutine takes it out of the line;
/// a buffer that was granted to it goes to the next one. A request to stop takes it out of the line
/// as well, unless it was granted a buffer by then. Whoever leaves the line early takes a buffer
/// that came back in that very turn, if nobody stands in line; several do so in the order in which
/// they left it, that of their deadlines. Errors: no_such_capacity (at once), pool_closed,
/// timed_out, canceled, stale_buffer (every buffer of this capacity is quarantined); where leases
/// were handed over, that of an eventfd, which is needed to hear of them and cannot be had.
class [[nodiscard]] next_operation {
 public:
  using resumed_by_loop = void;
  next_operation(detail::collection_ref pool, std::size_t capacity,
                 detail::steady_time until) noexcept
      : pool_(std::move(pool)), capacity_(capacity), until_(until) {}
  next_operation(next_operation&& inert) noexcept
      : next_operation(std::move(inert.pool_), inert.capacity_, inert.until_) {
    CAROUSEL_ASSERT(inert.taken_ == nullptr,
                    "an operation cannot be moved once it has been awaited");
  }
  next_operation& operator=(next_operation&&) = delete;
  ~next_operation() {
    if (taken_ != nullptr) [[unlikely]]
      abandon();
  }

  /// True: it has a buffer, and nothing else had to be made for it.
  bool await_ready() noexcept {
    detail::context& here = detail::this_context();
    if (here.stopped() || here.inline_budget <= 1) [[unlikely]]
      return false;
    detail::buf_collection& pool = *pool_.operator->();
    detail::buf_size_class* const c = pool.find(capacity_);
    if (c == nullptr) [[unlikely]]
      return false;
    taken_ = pool.take(*c, here.task_id());
    if (taken_ == nullptr) return false;
    --here.inline_budget;
    return true;
  }
  bool await_suspend(std::coroutine_handle<> h) {
    std::construct_at(&waiting, *pool_.operator->(), capacity_);
    taken_ = waits();
    return waiting.start(h, until_);
  }
  [[nodiscard]] result<fixed_buf> await_resume() noexcept {
    if (taken_ == waits()) [[unlikely]]
      return waiting.finish();
    return result<fixed_buf>(std::in_place, fixed_buf(*std::exchange(taken_, nullptr)));
  }

 private:
  /// What it is when there is no buffer at once.
  struct wait : detail::scope_link, detail::buffer_waiter, detail::timer_node {
    wait(detail::buf_collection& from, std::size_t bytes) noexcept : capacity(bytes) {
      pool = &from;
    }
    bool start(std::coroutine_handle<> h, detail::steady_time until);
    result<fixed_buf> finish() noexcept;
    void leave_line(errc why) noexcept;

    std::size_t capacity;
    detail::buf_size_class* size_class = nullptr;
    bool left_line = false;  ///< before it was granted anything
  };

  [[nodiscard]] static detail::buf_entry* waits() noexcept {
    return reinterpret_cast<detail::buf_entry*>(1);
  }
  void abandon() noexcept;

  detail::collection_ref pool_;
  std::size_t capacity_;
  detail::steady_time until_;
  detail::buf_entry* taken_ = nullptr;  ///< without having waited; or waits()
  union {
    wait waiting;
  };
};

}  // namespace carousel
