#pragma once

#include "carousel/detail/base/assert.hpp"
#include "carousel/detail/base/waiter.hpp"
#include "carousel/detail/driver/computing_time.hpp"
#include "carousel/detail/driver/parked_waiter.hpp"
#include "carousel/detail/driver/remote_queue.hpp"
#include "carousel/detail/driver/timer_queue.hpp"

namespace carousel::detail {

class driver;

/// What an awaiter finds on its thread while a runtime turns there: where to queue, where to time,
/// whom to drive.
struct context {
  ready_queue ready;
  ready_queue ready_now;  ///< those whose turn it is
  timer_queue timers;
  list<parked_waiter, parked_tag> parked;
  remote_queue remote;
  driver* io = nullptr;
  task_base* task = nullptr;  ///< the task that runs now
  /// For the loop, when it has control again: a task has ended or wants to, or this is a child of
  /// fork().
  bool task_event = false;
  stop_scope* scope = nullptr;  ///< the innermost one that the running coroutine is in
  int inline_budget = 0;        ///< awaits that may still finish without suspending in this turn
  computing_time computing;

  /// Of the task that runs now; 0: none does.
  [[nodiscard]] std::uint32_t task_id() const noexcept { return task != nullptr ? task->id : 0; }
  [[nodiscard]] bool nobody_is_ready() const noexcept { return ready.empty() && ready_now.empty(); }
  /// What begins now ends at once with errc::canceled.
  [[nodiscard]] bool stopped() const noexcept {
    if (scope == nullptr) [[likely]]
      return false;
    return scope->stopped();
  }
  /// Something was made ready while this runtime did not turn: who waits for its event_fd() is
  /// told.
  void ask_for_turn() noexcept;
};

/// Set by the runtime inside block_on and poll only.
CAROUSEL_ONE_PER_PROCESS inline constinit thread_local context* current_context = nullptr;

inline void parked_waiter::park(context& here) noexcept {
  home_ = &here;
  here.parked.push_back(*this);
}

inline bool parked_waiter::wake() noexcept {
  if (!unpark()) return false;
  home_->ready.push_back(*this);
  if (home_ != current_context) [[unlikely]]
    home_->ask_for_turn();
  return true;
}

[[nodiscard]] inline context& this_context() noexcept {
  context* here = current_context;
  CAROUSEL_ASSERT(
      here != nullptr,
      "carousel operations work inside a runtime only: call them from a coroutine that "
      "runtime::block_on or carousel::start drives on this thread (a function without co_await or "
      "co_return is no coroutine and runs where it is called; a child of fork() has no runtime "
      "until it makes one)");
  return *here;
}

/// The time of the runtime that turns on this thread, outside of one that of the process: what
/// deadlines are made from.
[[nodiscard]] steady_time now() noexcept;

/// The same for whoever may stand outside of every runtime.
[[nodiscard]] inline std::uint32_t current_task_id() noexcept {
  const context* here = current_context;
  return here != nullptr ? here->task_id() : 0;
}

/// What a suspension point does that a request to stop does not concern.
inline void ignore_stop(scope_link&) noexcept {}

/// Notes that coroutine `h` waits at `self`, and how it is asked to stop. Every await_suspend calls
/// it first.
inline void suspend(context& here, waiter& self, scope_link& link, std::coroutine_handle<> h,
                    wait_kind what, void (*stop)(scope_link&) noexcept = &ignore_stop) noexcept {
  self.suspend(h, here.task, what);
  if (here.scope != nullptr) [[unlikely]] {
    here.scope->add(link, stop);
    self.link = &link;
  }
}

/// An await that has its answer at once still gives way when the turn's budget is used up, so that
/// a coroutine whose awaits all finish inline starves neither submission nor its neighbours.
/// Returns what await_suspend returns: true when the coroutine was queued instead.
[[nodiscard]] inline bool give_way(context& here, waiter& self, scope_link& link,
                                   std::coroutine_handle<> h) noexcept {
  if (--here.inline_budget > 0) return false;
  suspend(here, self, link, h, wait_kind::yield);
  here.ready.push_back(self);
  return true;
}

}  // namespace carousel::detail
