#include "carousel/detail/loop/foreign_wait.hpp"

#include <cstdio>
#include <exception>

#include "carousel/detail/base/recycler.hpp"
#include "carousel/detail/driver/context.hpp"

namespace carousel::detail {

struct foreign_wait::stand_in {
  struct promise_type : recycled {
    stand_in get_return_object() noexcept {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    static std::suspend_always initial_suspend() noexcept { return {}; }
    static std::suspend_always final_suspend() noexcept { return {}; }
    static void return_void() noexcept {}
    static void unhandled_exception() noexcept { std::terminate(); }
  };
  std::coroutine_handle<promise_type> h;
};

foreign_wait::stand_in foreign_wait::stand_in_for(foreign_wait& self) {
  for (;;) {
    self.queue();
    co_await std::suspend_always{};
  }
}

foreign_wait::~foreign_wait() {
  if (stand_in_) stand_in_.destroy();
}

std::coroutine_handle<> foreign_wait::begin(std::coroutine_handle<> h) {
  stand_in_ = stand_in_for(*this).h;
  context& here = this_context();
  thread_ = &thread_mark;
  detail::suspend(here, *this, *this, h, wait_kind::foreign);
  write_reason = [](const parked_waiter&, std::FILE* out) {
    std::fprintf(out, "awaits something that is not Carousel's\n");
  };
  park(here);
  return stand_in_;
}

void foreign_wait::cancel() noexcept {
  leave_early();
  list_hook<parked_tag>::unlink();
}

void foreign_wait::queue() noexcept {
  CAROUSEL_ASSERT(
      thread_ == &thread_mark,
      "a coroutine was resumed on another thread than that of its runtime; let the "
      "other thread stop a stop_on(), or write to a pipe or an eventfd that a task reads");
  (void)wake();
}

}  // namespace carousel::detail
