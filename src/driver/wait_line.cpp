#include "carousel/detail/driver/wait_line.hpp"

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
  write_reason = [](const parked_waiter& w, std::FILE* out) {
    std::fprintf(out, "%s\n", static_cast<const line_waiter&>(w).reason);
  };
  line.line_.push_back(*this);
  park(here);
  return true;
}

}  // namespace carousel::detail
