#pragma once

#include "carousel/config.hpp"

#include <coroutine>
#include <cstdio>

#include "carousel/detail/driver/context.hpp"

namespace carousel::detail {

class wait_line;
struct line_waiter;

/// What a type of line_waiter may say, in front of where those have room.
struct line_answers {
  /// Called after it has left the line unserved, because of a stop; the line may have somebody in
  /// front now who can be served.
  void (*left)(line_waiter&) noexcept = nullptr;
};

/// A suspension point in the line of an event, a semaphore, a channel. It lives in the awaiter.
///
///   outside   before wait(), and where there was nothing to wait for
///   in line   until it is served, is asked to stop, or its coroutine is destroyed: each takes it
///             out in O(1)
///   served    its coroutine runs next. What it was served is its own: a request to stop does not
///             take it away, and an awaiter that is destroyed passes it on.
///
/// `reason` is what the report of a stalled loop says, after "task N ".
struct line_waiter : scope_link, line_answers, parked_waiter {
  line_waiter() noexcept { reason = ""; }
  [[nodiscard]] bool served() const noexcept { return served_; }
  /// It has what it came for, without having waited, or while it was in line.
  void serve() noexcept;
  /// Returns what await_suspend returns: false if it need not wait and may go on at once.
  [[nodiscard]] bool wait(wait_line& line, std::coroutine_handle<> h) noexcept;

 protected:
  ~line_waiter() = default;

 private:
  bool served_ = false;
};

/// Who waits, in the order in which they began to. Nobody may stand in it when it is destroyed,
/// except coroutines whose runtime has ended, or that exit() leaves as they are: nobody resumes
/// these any more.
class wait_line {
 public:
  wait_line() = default;
  wait_line(const wait_line&) = delete;
  wait_line& operator=(const wait_line&) = delete;
  ~wait_line() {
    if (!line_.empty()) [[unlikely]]
      end();
  }

  [[nodiscard]] bool empty() const noexcept { return line_.empty(); }
  [[nodiscard]] line_waiter& front() noexcept { return static_cast<line_waiter&>(line_.front()); }

 private:
  friend struct line_waiter;
  void end() const noexcept;

  list<waiter, ready_tag> line_;
};

}  // namespace carousel::detail
