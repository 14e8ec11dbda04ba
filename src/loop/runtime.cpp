#include "carousel/runtime.hpp"

#include <cstdio>
#include <memory>
#include <utility>

#include "carousel/detail/base/exit.hpp"
#include "carousel/detail/base/keep_for_ever.hpp"
#include "loop/loop.hpp"
#include "loop/runtime_access.hpp"
#include "sys/kernel.hpp"

namespace carousel {

runtime::runtime(std::unique_ptr<detail::loop> l, std::chrono::nanoseconds deadline) noexcept
    : loop_(l.release()), deadline_(deadline) {}

runtime::runtime(runtime&& other) noexcept
    : loop_(std::exchange(other.loop_, nullptr)), deadline_(other.deadline_) {}

runtime& runtime::operator=(runtime&& other) noexcept {
  std::swap(loop_, other.loop_);
  std::swap(deadline_, other.deadline_);
  return *this;
}

runtime::~runtime() {
  if (loop_ == nullptr) return;
  if (loop_->inherited() || loop_->must_be_left_alone()) {
    if (!loop_->inherited() && !detail::destroyed_by_exit(this)) {
      std::fprintf(stderr,
                   "carousel: a runtime was destroyed inside a task, or in another thread than its "
                   "own, where it cannot be shut down: it is left as it is\n");
    }
    detail::keep_for_ever(loop_);
    return;
  }
  (void)shutdown(deadline_);  // it has reported what was stuck
}

result<runtime> detail::runtime_access::make(std::unique_ptr<sys::kernel> kernel,
                                             runtime_options options) {
  watch_exit();
  auto io = ring_driver::make(std::move(kernel), {.entries = options.entries,
                                                  .slots_max = options.operations_max,
                                                  .iowait = options.iowait,
                                                  .spin = options.spin,
                                                  .defers = options.defers_completions});
  if (!io) return std::unexpected(io.error());
  return runtime(std::make_unique<loop>(std::move(*io)), options.shutdown_deadline);
}

result<runtime> runtime::make(runtime_options options) {
  return detail::runtime_access::make(sys::make_linux_kernel(), options);
}

void runtime::run(detail::task_record& until) {
  CAROUSEL_ASSERT(loop_ != nullptr, "this runtime was moved from or shut down");
  loop_->run(until);
}

result<> runtime::poll() {
  if (loop_ == nullptr) return std::unexpected(make_error_code(errc::shut_down));
  loop_->poll();
  return {};
}

result<int> runtime::event_fd() {
  if (loop_ == nullptr) return std::unexpected(make_error_code(errc::shut_down));
  return loop_->event_fd();
}

std::chrono::nanoseconds runtime::may_wait() const noexcept {
  return loop_ == nullptr ? std::chrono::nanoseconds::max() : loop_->may_wait();
}

remote_runtime runtime::remote() {
  if (loop_ == nullptr) return {};
  CAROUSEL_ASSERT(!loop_->inherited(), detail::inherited_sentence);
  return remote_runtime(loop_->remote.open(*loop_));
}

result<> runtime::shutdown(detail::any_duration deadline) {
  if (loop_ == nullptr) return std::unexpected(make_error_code(errc::shut_down));
  const bool drained = loop_->shut_down(deadline);
  const std::unique_ptr<detail::loop> ended(std::exchange(loop_, nullptr));
  if (!drained) return std::unexpected(make_error_code(errc::timed_out));
  return {};
}

runtime_stats runtime::stats() const noexcept {
  CAROUSEL_ASSERT(loop_ != nullptr, "this runtime was moved from or shut down");
  const detail::driver_counters c = detail::ring_driver::of(*loop_->io).counters();
  return {.operations = c.submitted,
          .enters = c.enters,
          .cancels = c.cancels,
          .plain_fallbacks = c.plain_fallbacks,
          .stray_completions = c.stray};
}

}  // namespace carousel
