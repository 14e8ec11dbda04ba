#pragma once

#include <cstdio>

#include "carousel/detail/base/waiter.hpp"

namespace carousel::detail {

struct parked_tag;

struct context;

struct parked_waiter;

/// What a parked waiter has beside a waiter: before it, so that whoever derives from one finds room
/// behind its last byte.
struct parked_place : list_hook<parked_tag> {
  /// What the report of a stalled loop says, after "task N ".
  union {
    void (*write_reason)(const parked_waiter&, std::FILE*) = nullptr;
    const char* reason;  ///< of a wait_kind::sync
  };

 protected:
  context* home_ = nullptr;  ///< its runtime
  ~parked_place() = default;
};

/// A waiter that what it waits for may still know when the runtime has ended: a pool, an event, a
/// task of another runtime. The runtime keeps it in a list of its own, so that it can unpark it
/// when it ends and name it when nothing goes on.
struct parked_waiter : parked_place, scoped_waiter {
  void describe(std::FILE* out) const {
    if (kind == wait_kind::sync)
      std::fprintf(out, "%s\n", reason);
    else
      write_reason(*this, out);
  }

  /// The runtime that it is parked in.
  [[nodiscard]] context& home() const noexcept { return *home_; }
  [[nodiscard]] bool is_parked() const noexcept { return list_hook<parked_tag>::linked(); }
  /// It waits in this runtime from now on, and may stand in one more list.
  void park(context& here) noexcept;
  /// Out of both lists. False: it was not parked, because it was woken already or its runtime has
  /// ended.
  bool unpark() noexcept {
    if (!is_parked()) return false;
    waiter::unlink();
    list_hook<parked_tag>::unlink();
    return true;
  }
  /// The same, and its runtime resumes it next.
  bool wake() noexcept;
};

}  // namespace carousel::detail
