#include "carousel/buf/next_operation.hpp"

namespace carousel {

void next_operation::abandon() noexcept {
  if (taken_ == waits()) {
    std::destroy_at(&waiting);
  } else {
    pool_->check_in(*taken_);
  }
}

bool next_operation::wait::start(std::coroutine_handle<> h, detail::steady_time until) {
  detail::context& here = detail::this_context();
  const auto at_once = [&](errc why) {
    failed = detail::failure(why);
    return detail::give_way(here, *this, *this, h);
  };
  if (pool->closed()) return at_once(errc::pool_closed);
  if (here.stopped()) return at_once(errc::canceled);
  size_class = pool->find(capacity);
  if (size_class == nullptr) return at_once(errc::no_such_capacity);
  granted = pool->take(*size_class, here.task_id());
  if (granted != nullptr) return detail::give_way(here, *this, *this, h);
  if (size_class->quarantined == size_class->total) return at_once(errc::stale_buffer);
  const bool for_ever = until == detail::steady_time::max();
  if (!for_ever && until <= detail::now()) return at_once(errc::timed_out);
  failed = pool->hear_of_handed(here);
  if (failed != 0) return detail::give_way(here, *this, *this, h);
  detail::suspend(here, *this, *this, h, detail::wait_kind::buffer,
                  [](detail::scope_link& self) noexcept {
                    static_cast<wait&>(self).leave_line(errc::canceled);
                  });
  write_reason = [](const detail::parked_waiter& w, std::FILE* out) {
    const auto& self = static_cast<const wait&>(w);
    std::fprintf(out, "waits for a buffer of %zu bytes; all %u of them are leased%s:\n",
                 self.capacity, self.size_class->total,
                 self.pool->lent() != 0 ? ", or lent to groups" : "");
    self.pool->write_leases(out, self.size_class);
  };
  if (!for_ever) {
    expire = [](detail::timer_node& timer) noexcept {
      static_cast<wait&>(timer).leave_line(errc::timed_out);
    };
    here.timers.arm(*this, until);
  }
  pool->wait(*this, here, *size_class);
  return true;
}

result<fixed_buf> next_operation::wait::finish() noexcept {
  // A buffer that came back in the turn in which the time ran out or the stop came is not refused.
  if (granted == nullptr && left_line && size_class->waiters.empty())
    granted = pool->take(*size_class, detail::current_task_id());
  if (granted == nullptr) return std::unexpected(detail::to_error(failed));
  return result<fixed_buf>(std::in_place, fixed_buf(*std::exchange(granted, nullptr)));
}

void next_operation::wait::leave_line(errc why) noexcept {
  if (!wake_from_line()) return;  // on its way already, or its runtime has ended
  failed = detail::failure(why);
  left_line = true;
}

}  // namespace carousel
