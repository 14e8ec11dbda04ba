#include "carousel/buf/fixed_buf_pool.hpp"

namespace carousel {
namespace {

/// Suspends until the last lease of a closed pool is back and the kernel has let go of its memory.
class returned_awaiter : detail::scope_link, detail::buffer_waiter {
 public:
  using resumed_by_loop = void;
  explicit returned_awaiter(detail::buf_collection& closing) noexcept { pool = &closing; }
  returned_awaiter(const returned_awaiter&) = delete;
  returned_awaiter& operator=(const returned_awaiter&) = delete;
  ~returned_awaiter() { pool->leave_closing(); }

  bool await_ready() const noexcept { return pool->all_returned(); }
  void await_suspend(std::coroutine_handle<> h) noexcept {
    detail::context& here = detail::this_context();
    detail::suspend(here, *this, *this, h, detail::wait_kind::pool_close);
    write_reason = [](const detail::parked_waiter& w, std::FILE* out) {
      const auto& self = static_cast<const returned_awaiter&>(w);
      std::fprintf(out, "waits to close a pool of which %zu buffers are still leased:\n",
                   self.pool->still_leased());
      self.pool->write_leases(out, nullptr);
    };
    pool->wait_until_returned(*this, here);
  }
  static void await_resume() noexcept {}
};

}  // namespace

task<detail::failure_code> fixed_buf_pool::wait_until_returned(detail::collection_ref pool) {
  pool->close();
  const detail::failure_code deaf = pool->hear_of_handed(detail::this_context());
  if (deaf == 0) co_await returned_awaiter(*pool.operator->());
  co_return deaf;
}

}  // namespace carousel
