#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

#include "carousel/detail/request.hpp"
#include "sys/kernel.hpp"

namespace carousel::detail {

/// The two queues of one kernel ring: requests go in, completions come out. It knows nothing of operations; user_data is
/// the driver's.
class ring {
 public:
  [[nodiscard]] static result<std::unique_ptr<ring>> make(std::unique_ptr<sys::kernel> kernel,
                                                          unsigned entries) {
    auto view = kernel->setup(entries);
    if (!view) return std::unexpected(view.error());
    return std::unique_ptr<ring>(new ring(std::move(kernel), *view));
  }

  [[nodiscard]] sys::kernel& kernel() noexcept { return *kernel_; }

  /// Requests that can be encoded before the next enter.
  [[nodiscard]] unsigned room() const noexcept { return view_.sq_entries - unsubmitted(); }

  /// Encodes a request; false when there is no room.
  [[nodiscard]] bool push(const request& req, std::uint64_t user_data) noexcept {
    if (room() == 0) return false;
    encode(req, user_data);
    return true;
  }

  /// The same where there is room.
  void encode(const request& req, std::uint64_t user_data) noexcept {
    view_.sqes[tail_ & (view_.sq_entries - 1)] = sys::sqe{
        .opcode = static_cast<std::uint8_t>(req.code),
        .flags = req.sqe_flags,
        .ioprio = req.ioprio,
        .fd = req.fd,
        .offset = req.offset,
        .address = req.address,
        .length = req.length,
        .op_flags = req.op_flags,
        .user_data = user_data,
        .buf_index = req.buf_index,
        .personality = 0,
        .file_index = req.file_index,
        .address3 = 0,
        .pad = 0,
    };
    ++tail_;
  }

  /// Requests that the kernel has not consumed, those of an earlier enter that it refused included.
  [[nodiscard]] unsigned unsubmitted() const noexcept {
    return tail_ - std::atomic_ref(*view_.sq_head).load(std::memory_order_acquire);
  }

  [[nodiscard]] bool has_completions() const noexcept {
    return *view_.cq_head != std::atomic_ref(*view_.cq_tail).load(std::memory_order_acquire);
  }

  /// The kernel holds completions back until it is entered: deferred task work, or a completion queue that overflowed.
  [[nodiscard]] bool wants_enter() const noexcept {
    return (std::atomic_ref(*view_.sq_flags).load(std::memory_order_relaxed) &
            (sys::sq_taskrun | sys::sq_cq_overflow)) != 0;
  }

  /// Submits everything and, if `min_complete` is not 0 or `collect` is set, lets the kernel post what has completed.
  [[nodiscard]] int enter(unsigned min_complete, bool collect,
                          const std::chrono::nanoseconds* timeout = nullptr) noexcept {
    std::atomic_ref(*view_.sq_tail).store(tail_, std::memory_order_release);
    return kernel_->enter(unsubmitted(), min_complete,
                          collect || min_complete != 0 ? sys::enter_getevents : 0U, timeout);
  }

  /// Takes the requests back that the kernel has not consumed, calling `f(user_data)` for each from the oldest on. Between two
  /// enters nobody but us looks at the queue.
  template <class F>
  void take_back(F f) {
    const std::uint32_t head = std::atomic_ref(*view_.sq_head).load(std::memory_order_acquire);
    const std::uint32_t tail = std::exchange(tail_, head);
    std::atomic_ref(*view_.sq_tail).store(head, std::memory_order_release);
    for (std::uint32_t at = head; at != tail; ++at)
      f(view_.sqes[at & (view_.sq_entries - 1)].user_data);
  }

  /// Calls `f(user_data, res, flags)` for each completion that is visible, at most a queue full. `f` must not enter.
  template <class F>
  unsigned reap(F f) {
    // Kept apart from the members, which `f` could change for all that the compiler knows.
    const sys::cqe* const cqes = view_.cqes;
    const std::uint32_t mask = view_.cq_entries - 1;
    std::uint32_t head = *view_.cq_head;
    const std::uint32_t tail = std::atomic_ref(*view_.cq_tail).load(std::memory_order_acquire);
    const unsigned count = tail - head;
    for (; head != tail; ++head) {
      const sys::cqe& done = cqes[head & mask];
      f(done.user_data, done.res, done.flags);
    }
    std::atomic_ref(*view_.cq_head).store(head, std::memory_order_release);
    return count;
  }

 private:
  ring(std::unique_ptr<sys::kernel> kernel, const sys::ring_view& view) noexcept
      : kernel_(std::move(kernel)), view_(view), tail_(*view.sq_tail) {}

  std::unique_ptr<sys::kernel> kernel_;
  sys::ring_view view_;
  std::uint32_t tail_;
};

}  // namespace carousel::detail
