#pragma once

#include <utility>

#include "carousel/config.hpp"

namespace carousel::detail {

class stop_scope;

/// A link in a scope. Every suspension point and every verb has one as its first base class; it is
/// written only inside a scope, so that outside of one it costs nothing but the room.
struct scope_link {
  stop_scope* scope;  ///< null once the scope has ended
  scope_link* next;
  scope_link** pointed_from;
  void (*stop)(scope_link&) noexcept;

  // NOLINTNEXTLINE(modernize-use-equals-default): `= default` would let `scope_link{}` clear it
  scope_link() noexcept {}
  scope_link(const scope_link&) = delete;
  scope_link& operator=(const scope_link&) = delete;
  ~scope_link() = default;

  /// Returns the scope that it stood in, or null.
  stop_scope* leave() noexcept {
    if (scope == nullptr) return nullptr;
    *pointed_from = next;
    if (next != nullptr) next->pointed_from = pointed_from;
    return std::exchange(scope, nullptr);
  }
};

/// What one verb (timeout, stop_on, when_any) may ask to stop: everything that is suspended inside
/// of it, nested verbs included. It lives in the verb's awaiter.
///
///   open     suspension points stand in its list while they wait, and the runtime makes it the
///            current scope again when it resumes one of them: what a coroutine awaits next is in
///            the same scope
///   stopped  each of them was asked once, in its own way: an operation in line or queued ends as
///            cancelled, one in the kernel gets a cancel and ends with its own last completion, a
///            waiter leaves its line unless it was served. What begins here from now on ends at
///            once with errc::canceled
///
/// Asking resumes and destroys nobody: it moves waiters to the ready queue and notes cancels. A
/// coroutine that outlives the scope in which it suspended (one that no task awaits) is simply in
/// none any more.
class stop_scope {
 public:
  stop_scope() = default;
  stop_scope(const stop_scope&) = delete;
  stop_scope& operator=(const stop_scope&) = delete;
  ~stop_scope() {
    while (first_ != nullptr) first_->leave();
  }

  [[nodiscard]] bool stopped() const noexcept { return stopped_; }
  void add(scope_link& link, void (*stop)(scope_link&) noexcept) noexcept {
    link.scope = this;
    link.next = first_;
    link.pointed_from = &first_;
    link.stop = stop;
    if (first_ != nullptr) first_->pointed_from = &link.next;
    first_ = &link;
  }
  void request_stop() noexcept {
    if (std::exchange(stopped_, true)) return;
    for (scope_link* link = first_; link != nullptr; link = link->next) link->stop(*link);
  }

 private:
  scope_link* first_ = nullptr;
  bool stopped_ = false;
};

}  // namespace carousel::detail
