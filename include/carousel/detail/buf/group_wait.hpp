#pragma once

#include "carousel/config.hpp"

#include <coroutine>

#include "carousel/buf/fixed_buf.hpp"
#include "carousel/detail/buf/group_record.hpp"
#include "carousel/detail/driver/descriptor.hpp"

namespace carousel::detail {

/// How the pump of a stream waits for a buffer of its group, to read from a socket. A pump is in no
/// scope, and never asked to stop.
class group_wait : buffer_waiter, file_waiter {
 public:
  /// The socket outlives it.
  group_wait(group_record& of, descriptor& socket) noexcept
      : file_waiter(&end), of_(of), socket_(socket) {
    pool = &of.pool();
  }
  group_wait(const group_wait&) = delete;
  group_wait& operator=(const group_wait&) = delete;
  [[nodiscard]] parked_waiter& seen_by_runtime() noexcept { return *this; }

  [[nodiscard]] bool await_ready() noexcept;
  void await_suspend(std::coroutine_handle<> h) noexcept;
  /// Errors: pool_closed; stale_buffer; bad_file_descriptor, where the socket is closed; shut_down,
  /// where its runtime has left it behind.
  [[nodiscard]] result<fixed_buf> await_resume() noexcept;

 private:
  static void end(file_waiter& self) noexcept;

  group_record& of_;
  descriptor& socket_;
};

}  // namespace carousel::detail
