#include "carousel/detail/driver/wait_line.hpp"

#include "carousel/detail/base/exit.hpp"

namespace carousel::detail {

void line_waiter::serve() noexcept {
  served_ = true;
  (void)wake();
}

bool line_waiter::wait(wait_line& line, std::coroutine_handle<> h) noexcept {
  context& here = this_context();
  if (served_ || here.stopped()) return give_way(here, *this, *this, h);
  detail::suspend(here, *this, *this, h, wait_kind::sync, [](scope_link& link) noexcept {
    auto& self = static_cast<line_waiter&>(link);
    if (self.wake() && self.left != nullptr) self.left(self);
  });
  line.line_.push_back(*this);
  park(here);
  return true;
}

void wait_line::end() const noexcept {
  CAROUSEL_ASSERT(destroyed_by_exit(this),
                  "an event, semaphore, mutex, channel or shared future was destroyed while a task "
                  "waits for it: abort the task, or join it, before");
}

}  // namespace carousel::detail
