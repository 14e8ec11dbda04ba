#include "carousel/detail/sync/wait_line.hpp"

namespace carousel::detail {

void line_waiter::serve() noexcept {
  served_ = true;
  if (leave()) queue_->push_back(*this);
}

bool line_waiter::wait(wait_line& line, std::coroutine_handle<> h) noexcept {
  context& here = this_context();
  if (served_ || here.stopped()) return give_way(here, *this, *this, h);
  detail::suspend(here, *this, *this, h, wait_kind::sync, [](scope_link& link) noexcept {
    auto& self = static_cast<line_waiter&>(link);
    if (!self.leave()) return;  // served, or its runtime has ended
    self.queue_->push_back(self);
    if (self.left != nullptr) self.left(self);
  });
  write_reason = [](const parked_waiter& w, std::FILE* out) {
    std::fprintf(out, "%s\n", static_cast<const line_waiter&>(w).reason);
  };
  queue_ = &here.ready;
  line.line_.push_back(*this);
  here.parked.push_back(*this);
  return true;
}

bool line_waiter::leave() noexcept {
  if (!in_line()) return false;
  waiter::unlink();
  list_hook<parked_tag>::unlink();
  return true;
}

}  // namespace carousel::detail
