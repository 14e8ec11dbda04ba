#pragma once

#include "carousel/config.hpp"

#include <coroutine>
#include <cstdint>
#include <utility>

#include "carousel/detail/base/list.hpp"
#include "carousel/detail/base/stop_scope.hpp"

namespace carousel::detail {

struct ready_tag;

/// What a suspended coroutine waits for; the report of a stalled loop names it.
enum class wait_kind : std::uint8_t {
  start,
  operation,
  chain_member,
  buffer,
  pool_close,
  timer,
  join,
  yield,
  file_close,
  sync,
  foreign
};

/// The part of a task's record that a suspension point needs. Counted by plain references: a waiter
/// keeps the record, not the task's frame.
struct task_base {
  std::uint32_t refs = 1;
  std::uint32_t id = 0;

  task_base() = default;
  task_base(const task_base&) = delete;
  task_base& operator=(const task_base&) = delete;
  virtual ~task_base() = default;

  void retain() noexcept { ++refs; }
  void release() noexcept {
    if (refs == 1) [[unlikely]]
      delete this;
    else
      --refs;
  }
};

/// A suspension point. It lives in the awaiter, and stands in the ready queue or in the list of
/// what it waits for. An awaiter that is destroyed while it is suspended calls leave_all(): nobody
/// ever resumes a dead coroutine.
///
///   inert      its members mean nothing
///   suspended  from suspend() on
///   resumed    by the loop, which has taken it out of everything: there is nothing to leave
struct waiter : list_link<ready_tag> {
  std::coroutine_handle<> handle;
  task_base* task;   ///< in whose name it waits (a counted reference)
  scope_link* link;  ///< its link in a scope, while it waits inside of one
  wait_kind kind;

  // NOLINTNEXTLINE(modernize-use-equals-default): `= default` would let `T{}` clear it
  waiter() noexcept {}

  /// Notes that coroutine `h`, running in the name of `current`, waits here.
  void suspend(std::coroutine_handle<> h, task_base* current, wait_kind what) noexcept {
    start_unlinked();
    handle = h;
    link = nullptr;
    kind = what;
    task = current;
    if (current != nullptr) [[likely]]
      current->retain();
  }
  void leave_all() noexcept {
    unlink();
    if (link != nullptr) link->leave();
    if (task != nullptr) task->release();
  }

 protected:
  ~waiter() = default;
};

/// One that leaves by itself.
struct scoped_waiter : waiter {
  scoped_waiter() noexcept {
    start_unlinked();
    link = nullptr;
    task = nullptr;
  }
  ~scoped_waiter() { leave_all(); }
  /// It does not wait after all.
  void leave_early() noexcept {
    leave_all();
    link = nullptr;
    task = nullptr;
  }
};

using ready_queue = list<waiter, ready_tag>;

}  // namespace carousel::detail
