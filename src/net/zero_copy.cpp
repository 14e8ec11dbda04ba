#include "carousel/detail/net/zero_copy.hpp"

namespace carousel::detail {

void zero_copy_state::release(sent_from where) noexcept {
  released = true;
  from = where;
  if (waiting != nullptr) (void)std::exchange(waiting, nullptr)->wake();
}

bool release_wait::await_suspend(std::coroutine_handle<> h) noexcept {
  context& here = this_context();
  if (of_.released) return give_way(here, *this, *this, h);
  CAROUSEL_ASSERT(of_.waiting == nullptr, "what a zero-copy send gives back is awaited once");
  detail::suspend(here, *this, *this, h, wait_kind::sync);
  reason = "waits for the kernel to let go of what was sent without a copy";
  of_.waiting = this;
  park(here);
  return true;
}

}  // namespace carousel::detail
