#include "carousel/sync/task_group.hpp"

#include "carousel/detail/base/exit.hpp"

namespace carousel {

void task_group::end() noexcept {
  CAROUSEL_ASSERT(waiting_ == 0 || detail::destroyed_by_exit(this),
                  "a task group was destroyed while a task waits for it: abort the task, or join "
                  "it, before");
  // exit() was called inside a task, or in another thread than theirs.
  const bool left_alone = detail::current_context != nullptr || thread_ != &detail::thread_mark;
  if (left_alone && detail::destroyed_by_exit(this)) return;
  abort();
  CAROUSEL_ASSERT(running_ == 0, "a task group was destroyed by one of its own tasks");
}

void task_group::abort() noexcept {
  while (!members_.empty()) members_.pop_front().task.abort();
}

task<result<>> task_group::wait() {
  const presence here(waiting_);
  while (running_ > 0) {
    const result<> all_over = co_await over_of{*this};
    if (!all_over) co_return all_over;
  }
  if (exception_) std::rethrow_exception(exception_);
  co_return outcome_;
}

void task_group::leave(member& gone) noexcept {
  CAROUSEL_ASSERT(running_ != 0, "more tasks of a group have ended than it has");
  --running_;
  if (gone.left != nullptr) *gone.left = true;
  delete &gone;
  if (running_ > 0) return;
  while (!line_.empty()) line_.front().serve();
}

}  // namespace carousel
