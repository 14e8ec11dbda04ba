#pragma once

#include "carousel/config.hpp"

#include <coroutine>
#include <mutex>

#include "carousel/detail/driver/context.hpp"

namespace carousel::detail {

struct remote_line_tag;
class remote_waiter;

/// Who waits for something that several threads share, in the order in which they began to. A mutex
/// guards it, which nobody holds while code of a user runs.
using remote_line = list<remote_waiter, remote_line_tag>;

/// A suspension point that another thread lets go on: of a remote_result, of a remote_channel. It
/// lives in the awaiter.
///
///   outside   before wait(), and where there was nothing to wait for
///   in line   until it is served, is asked to stop, its coroutine is destroyed, or its runtime
///             ends: each takes it out under the guard
///   served    under the guard, on any thread: it is in its loop's mail, and its coroutine runs in
///             the loop's next turn. A request to stop does not take away what it was served; where
///             its coroutine never takes it, it is passed on. Until it does the loop that ends
///             waits for the guard, and so for whoever serves
class remote_waiter : protected scope_link,
                      protected parked_waiter,
                      protected remote_node,
                      public list_hook<remote_line_tag> {
 public:
  remote_waiter(const remote_waiter&) = delete;
  remote_waiter& operator=(const remote_waiter&) = delete;

  /// On any thread, under the guard: it has what it came for.
  void serve() noexcept;
  /// A request to stop ends the waiting.
  bool stoppable = true;
  /// The loop that alone could serve it, by its mail; null: somebody else could.
  const mailbox* served_by = nullptr;
  /// Under the guard: nobody takes what this one was served.
  void (*pass_on)(remote_waiter&) noexcept = nullptr;

 protected:
  /// The guard lives as long as this. What the report of a stalled loop says is `why`.
  remote_waiter(std::mutex& guard, const char* why) noexcept : guard_(guard) { reason = why; }
  ~remote_waiter() = default;

  /// Returns what await_suspend returns. Asks try_now() under the guard whether it is served
  /// without waiting. Throws std::system_error if the process has no descriptor left for the loop's
  /// eventfd.
  template <class Try>
  [[nodiscard]] bool wait(std::coroutine_handle<> h, remote_line& line, Try try_now) {
    context& here = this_context();
    if (here.stopped() && stoppable) return give_way(here, *this, *this, h);
    prepare(here);
    if (!join(line, try_now)) {
      begin(here, h);
      return true;
    }
    here.remote.disarm(*this);
    return give_way(here, *this, *this, h);
  }
  /// In await_resume(): whether it was served, which is the coroutine's from now on.
  [[nodiscard]] bool take() noexcept;
  /// The first thing in the destructor of what derives from it.
  void leave() noexcept;

 private:
  /// True: it need not wait.
  template <class Try>
  [[nodiscard]] bool join(remote_line& line, Try try_now) {
    const std::lock_guard hold(guard_);
    const bool at_once = try_now();
    if (at_once)
      served_ = true;
    else
      line.push_back(*this);
    return at_once;
  }
  void prepare(context& here);
  void begin(context& here, std::coroutine_handle<> h) noexcept;
  void stop() noexcept;
  void leave_line() noexcept;

  std::mutex& guard_;
  context* here_ = nullptr;  ///< its runtime, from wait() on
  mailbox* box_ = nullptr;   ///< of that
  bool served_ = false;      ///< written under the guard
  bool taken_ = false;
};

}  // namespace carousel::detail
