#pragma once

#include <coroutine>
#include <cstdint>
#include <utility>

#include "carousel/detail/list.hpp"
#include "carousel/detail/stop_scope.hpp"

namespace carousel::detail {

struct ready_tag;

/// What a suspended coroutine waits for; the report of a stalled loop names it.
enum class wait_kind : std::uint8_t {
  start,
  operation,
  buffer,
  pool_close,
  timer,
  join,
  yield,
  file_close
};

/// The part of a task's record that a suspension point needs. Counted by plain references: a waiter keeps the record, not
/// the task's frame.
struct task_base {
  std::uint32_t refs = 1;
  std::uint32_t id = 0;

  task_base() = default;
  task_base(const task_base&) = delete;
  task_base& operator=(const task_base&) = delete;
  virtual ~task_base() = default;

  void retain() noexcept { ++refs; }
  void release() noexcept {
    if (--refs == 0) delete this;
  }
};

/// A suspension point. It lives in the awaiter, stands in the ready queue or in the list of what it waits for, and takes
/// itself out of either when the coroutine is destroyed: nobody ever resumes a dead coroutine.
struct waiter : list_hook<ready_tag> {
  std::coroutine_handle<> handle;
  task_base* task = nullptr;   ///< in whose name it waits (a counted reference)
  scope_link* link = nullptr;  ///< its place in a scope, while it waits inside of one
  wait_kind kind = wait_kind::yield;

  waiter() = default;
  ~waiter() {
    if (link != nullptr) link->leave();
    if (task != nullptr) task->release();
  }

  /// Notes that coroutine `h`, running in the name of `current`, waits here.
  void suspend(std::coroutine_handle<> h, task_base* current, wait_kind what) noexcept {
    handle = h;
    kind = what;
    task = current;
    if (task != nullptr) task->retain();
  }
};

using ready_queue = list<waiter, ready_tag>;

}  // namespace carousel::detail
