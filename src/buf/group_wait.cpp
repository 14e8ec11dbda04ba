#include "carousel/detail/buf/group_wait.hpp"

#include <cstdio>
#include <system_error>
#include <utility>

#include "carousel/detail/buf/fixed_access.hpp"

namespace carousel::detail {

bool group_wait::await_ready() noexcept {
  const buf_size_class& whole = *of_.buffers().whole;
  if (socket_.state == file_state::closed) {
    failed = failure(std::errc::bad_file_descriptor);
  } else if (pool->closed()) {
    failed = failure(errc::pool_closed);
  } else if (whole.quarantined == whole.total) {
    failed = failure(errc::stale_buffer);
  } else {
    granted = pool->take(of_.buffers(), 0);
    if (granted == nullptr) failed = pool->hear_of_handed(this_context());
  }
  return failed != 0 || granted != nullptr;
}

void group_wait::await_suspend(std::coroutine_handle<> h) noexcept {
  context& here = this_context();
  waiter::suspend(h, here.task, wait_kind::buffer);
  write_reason = [](const parked_waiter& w, std::FILE* out) {
    const auto& self = static_cast<const group_wait&>(w);
    std::fprintf(out, "(a stream) waits for a buffer of its group; all %u of them are leased:\n",
                 self.of_.buffers().total);
    self.pool->write_leases(out, &self.of_.buffers());
  };
  pool->wait(*this, here, of_.buffers());
  stand_in(socket_.waiters);
}

void group_wait::end(file_waiter& self) noexcept {
  auto& waiting = static_cast<group_wait&>(self);
  if (waiting.wake_from_line()) waiting.failed = failure(std::errc::bad_file_descriptor);
}

result<fixed_buf> group_wait::await_resume() noexcept {
  if (granted != nullptr) return fixed_access::adopt(*std::exchange(granted, nullptr));
  return std::unexpected(to_error(failed != 0 ? failed : failure(errc::shut_down)));
}

}  // namespace carousel::detail
