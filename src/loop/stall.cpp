#include <cstdio>
#include <cstdlib>

#include "carousel/detail/driver/parked_waiter.hpp"
#include "loop/loop.hpp"

namespace carousel::detail {

void loop::report_stall() {
  std::fprintf(stderr,
               "carousel: every task waits and nothing can wake one: no operation is in the "
               "kernel, no timer is set\n");
  parked.for_each([](parked_waiter& w) {
    const std::uint32_t id = w.task != nullptr ? w.task->id : 0;
    std::fprintf(stderr, "  task %u ", id);
    w.describe(stderr);
  });
  unsigned count = 0;
  tasks_.for_each([&](const waiter&) { ++count; });
  std::fprintf(stderr,
               "  %u tasks in all; any that is not named awaits something that is not Carousel's\n"
               "  who waits for another thread does so with stop_on, or by reading a descriptor\n",
               count);
  std::abort();
}

}  // namespace carousel::detail
