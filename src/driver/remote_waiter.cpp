#include "carousel/detail/driver/remote_waiter.hpp"

#include <utility>

namespace carousel::detail {

void remote_waiter::prepare(context& here) {
  fire = [](mail& delivered) noexcept { (void)static_cast<remote_waiter&>(delivered).wake(); };
  end_posts = [](remote_node& node) noexcept { static_cast<remote_waiter&>(node).leave_line(); };
  may_fire = [](const remote_node& node) noexcept {
    const auto& self = static_cast<const remote_waiter&>(node);
    return self.served_by == nullptr || self.served_by != self.box_;
  };
  here.remote.arm(*this, here);
  here_ = &here;
  box_ = here.remote.box();
}

void remote_waiter::begin(context& here, std::coroutine_handle<> h) noexcept {
  detail::suspend(here, *this, *this, h, wait_kind::sync,
                  [](scope_link& self) noexcept { static_cast<remote_waiter&>(self).stop(); });
  park(here);
}

void remote_waiter::serve() noexcept {
  served_ = true;
  (void)box_->post(*this);  // a loop that ends takes its waiters out of their lines before
}

bool remote_waiter::take() noexcept {
  if (!served_) return false;
  taken_ = true;
  if (is_armed()) here_->remote.disarm(*this);
  return true;
}

void remote_waiter::stop() noexcept {
  if (!stoppable) return;
  {
    const std::lock_guard hold(guard_);
    if (served_) return;  // its mail is on its way
    list_hook<remote_line_tag>::unlink();
  }
  here_->remote.disarm(*this);
  (void)wake();
}

void remote_waiter::leave_line() noexcept {
  const std::lock_guard hold(guard_);
  list_hook<remote_line_tag>::unlink();
  if (served_ && !std::exchange(taken_, true) && pass_on != nullptr) pass_on(*this);
}

void remote_waiter::leave() noexcept {
  if (here_ == nullptr) return;
  leave_line();
  if (is_armed()) here_->remote.disarm(*this);
}

}  // namespace carousel::detail
