#pragma once

#include "carousel/config.hpp"

#include <coroutine>

#include "carousel/buf/fixed_buf.hpp"
#include "carousel/detail/buf/group_record.hpp"

namespace carousel::detail {

/// How the pump of a stream waits for a buffer of its group. A buffer that was granted to one that
/// is destroyed goes to the next.
class group_wait : scope_link, buffer_waiter {
 public:
  explicit group_wait(group_record& of) noexcept : of_(of) { pool = &of.pool(); }
  group_wait(const group_wait&) = delete;
  group_wait& operator=(const group_wait&) = delete;
  ~group_wait() {
    if (granted != nullptr) pool->check_in(*granted);
  }
  [[nodiscard]] parked_waiter& seen_by_runtime() noexcept { return *this; }

  [[nodiscard]] bool await_ready() noexcept;
  void await_suspend(std::coroutine_handle<> h) noexcept;
  /// Errors: pool_closed, stale_buffer; shut_down, where it was left behind by its runtime.
  [[nodiscard]] result<fixed_buf> await_resume() noexcept;

 private:
  group_record& of_;
};

}  // namespace carousel::detail
