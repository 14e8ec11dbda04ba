#include "carousel/buf/fixed_buf_pool.hpp"

namespace carousel {
namespace {

/// Suspends until the last lease of a closed pool is back and the kernel has let go of its memory.
class returned_awaiter : detail::scope_link, detail::buffer_waiter {
 public:
  explicit returned_awaiter(detail::buf_collection& closing) noexcept { pool = &closing; }
  returned_awaiter(const returned_awaiter&) = delete;
  returned_awaiter& operator=(const returned_awaiter&) = delete;
  ~returned_awaiter() { pool->forget_closer(); }

  bool await_ready() const noexcept { return pool->all_returned(); }
  void await_suspend(std::coroutine_handle<> h) noexcept {
    detail::context& here = detail::this_context();
    detail::suspend(here, *this, *this, h, detail::wait_kind::pool_close);
    write_reason = [](const detail::parked_waiter& w, std::FILE* out) {
      const auto& self = static_cast<const returned_awaiter&>(w);
      std::fprintf(out, "waits to close a pool of which %zu buffers are still leased:\n",
                   self.pool->leased());
      self.pool->write_leases(out, nullptr);
    };
    pool->wait_until_returned(*this, here);
  }
  static void await_resume() noexcept {}
};

}  // namespace

task<> fixed_buf_pool::wait_until_returned(detail::collection_ref pool) {
  pool->close();
  co_await returned_awaiter(*pool.operator->());
}

bool next_operation::await_suspend(std::coroutine_handle<> h) {
  detail::context& here = detail::this_context();
  pool = pool_.operator->();
  if (pool->closed()) {
    failure = errc::pool_closed;
    return detail::give_way(here, *this, *this, h);
  }
  if (here.stopped()) {
    failure = errc::canceled;
    return detail::give_way(here, *this, *this, h);
  }
  class_ = pool->find(capacity_);
  if (class_ == nullptr) {
    failure = errc::no_such_capacity;
    return detail::give_way(here, *this, *this, h);
  }
  granted = pool->take(*class_);
  if (granted != nullptr) return detail::give_way(here, *this, *this, h);
  if (class_->quarantined == class_->total) {
    failure = errc::stale_buffer;
    return detail::give_way(here, *this, *this, h);
  }
  if (until_ && *until_ <= here.io->now()) {
    failure = errc::timed_out;
    return detail::give_way(here, *this, *this, h);
  }
  detail::suspend(here, *this, *this, h, detail::wait_kind::buffer,
                  [](detail::scope_link& self) noexcept {
                    static_cast<next_operation&>(self).leave_line(errc::canceled);
                  });
  write_reason = [](const detail::parked_waiter& w, std::FILE* out) {
    const auto& self = static_cast<const next_operation&>(w);
    std::fprintf(out, "waits for a buffer of %zu bytes; all %u of them are leased:\n",
                 self.capacity_, self.class_->total);
    self.pool->write_leases(out, self.class_);
  };
  if (until_) {
    expire = [](detail::timer_node& timer) noexcept {
      static_cast<next_operation&>(timer).leave_line(errc::timed_out);
    };
    here.timers.arm(*this, *until_);
  }
  pool->wait(*this, here, *class_);
  return true;
}

void next_operation::leave_line(errc why) noexcept {
  if (!list_hook<detail::parked_tag>::linked())
    return;  // on its way already, or its runtime has ended
  detail::waiter::unlink();
  list_hook<detail::parked_tag>::unlink();
  failure = why;
  left_line_ = true;
  queue->push_back(*this);
}

detail::buf_entry* next_operation::last_try() noexcept {
  return class_->waiters.empty() ? pool->take(*class_) : nullptr;
}

}  // namespace carousel
