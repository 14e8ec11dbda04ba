#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

#include "carousel/detail/ring/completion_marks.hpp"
#include "carousel/detail/ring/submission_queue.hpp"
#include "sys/kernel.hpp"

namespace carousel::detail {

/// As what a wait for completions counts in the system's statistics: idle, or waiting for a disk.
enum class waiting_is : bool { idle, iowait };

/// The two queues of one kernel ring: requests go in, completions come out. It knows nothing of
/// operations; user_data is the driver's.
class ring : public submission_queue {
 public:
  [[nodiscard]] static result<std::unique_ptr<ring>> make(std::unique_ptr<sys::kernel> kernel,
                                                          sys::ring_size size,
                                                          waiting_is counts = waiting_is::idle) {
    auto view = kernel->setup(size);
    if (!view) return std::unexpected(view.error());
    return std::unique_ptr<ring>(new ring(std::move(kernel), *view, counts));
  }

  [[nodiscard]] sys::kernel& kernel() noexcept { return *kernel_; }

  static constexpr std::size_t unlimited = SIZE_MAX;
  /// Requests that may be in the kernel at a time without a completion being lost.
  [[nodiscard]] std::size_t completions_max() const noexcept {
    return view_.may_drop ? view_.cq_entries : unlimited;
  }

  /// Queues a request under this name; false when there is no room.
  [[nodiscard]] bool push(const request& req, std::uint64_t user_data) noexcept {
    if (!has_room()) return false;
    request& r = next();
    r = req;
    r.user_data = user_data;
    (void)submission_queue::push();
    return true;
  }

  [[nodiscard]] completion_marks completed() const noexcept {
    return {view_.cq_head, view_.cq_tail};
  }
  [[nodiscard]] bool has_completions() const noexcept { return completed().differ(); }

  /// The kernel holds completions back until it is entered: deferred task work, or a completion
  /// queue that overflowed.
  [[nodiscard]] bool wants_enter() const noexcept {
    return (std::atomic_ref(*view_.sq_flags).load(std::memory_order_relaxed) &
            (sys::sq_taskrun | sys::sq_cq_overflow)) != 0;
  }

  /// submit_and_wait() may ask for several completions.
  [[nodiscard]] bool waits_for_several() const noexcept { return view_.has_min_wait; }
  /// The kernel may post something without a write to the registered eventfd.
  [[nodiscard]] bool forgets_signals() const noexcept { return view_.forgets_signals; }
  [[nodiscard]] bool signals_once() const noexcept { return view_.signals_once; }

  /// Submits everything. Returns what the kernel took, or why it refused.
  [[nodiscard]] int submit() noexcept { return enter(0, 0U, nullptr); }
  /// The same, and lets the kernel post what has completed.
  [[nodiscard]] int submit_and_collect() noexcept {
    return enter(0, sys::enter_getevents, nullptr);
  }
  /// The same, and waits for so many completions, or until the time is up. Of several only as long
  /// as sys::several_wait, if one has come by then.
  [[nodiscard]] int submit_and_wait(unsigned completions,
                                    const std::chrono::nanoseconds* timeout = nullptr) noexcept {
    return enter(completions, wait_flags_, timeout);
  }

  /// Takes the requests back that the kernel has not consumed, calling `f(user_data)` for each from
  /// the oldest on.
  template <class F>
  void withdraw_all(F f) {
    const std::uint32_t end = tail();
    submission_queue::withdraw_all();
    std::atomic_ref(*view_.sq_tail).store(tail(), std::memory_order_release);
    for (std::uint32_t position = tail(); position != end; ++position) f(entry(position).user_data);
  }

  /// Calls `f(user_data, res, flags)` for each completion that is visible, at most a queue full,
  /// until it returns false. Each is off the queue by then: `f` may throw. It must not enter.
  /// Before each call `expect(user_data)` gets the name in the entry after it, which may be an old
  /// one.
  template <class F, class Expect = decltype([](std::uint64_t) {})>
  void reap(F f, Expect expect = {}) {
    // Kept apart from the members, which `f` could change for all that the compiler knows.
    const sys::cqe* const cqes = view_.cqes;
    std::uint32_t* const shared_head = view_.cq_head;
    const std::uint32_t mask = view_.cq_entries - 1;
    std::uint32_t head = *shared_head;
    const std::uint32_t tail = std::atomic_ref(*view_.cq_tail).load(std::memory_order_acquire);
    while (head != tail) {
      const sys::cqe& done = cqes[head & mask];
      const std::uint64_t user_data = done.user_data;
      const std::int32_t res = done.res;
      const std::uint32_t flags = done.flags;
      std::atomic_ref(*shared_head).store(++head, std::memory_order_release);
      expect(cqes[head & mask].user_data);
      if (!f(user_data, res, flags)) return;
    }
  }

 private:
  [[nodiscard]] int enter(unsigned min_complete, std::uint32_t flags,
                          const std::chrono::nanoseconds* timeout) noexcept {
    std::atomic_ref(*view_.sq_tail).store(tail(), std::memory_order_release);
    const int result = kernel_->enter(unsubmitted(), min_complete, flags, timeout);
    make_room();
    return result;
  }

  ring(std::unique_ptr<sys::kernel> kernel, const sys::ring_view& view, waiting_is counts) noexcept
      : submission_queue(view.sqes, view.sq_entries, view.sq_head, *view.sq_tail),
        kernel_(std::move(kernel)),
        view_(view),
        wait_flags_(
            sys::enter_getevents |
            (view.has_no_iowait && counts == waiting_is::idle ? sys::enter_no_iowait : 0U)) {}

  std::unique_ptr<sys::kernel> kernel_;
  sys::ring_view view_;
  std::uint32_t wait_flags_;  ///< of an enter that may sleep
};

}  // namespace carousel::detail
