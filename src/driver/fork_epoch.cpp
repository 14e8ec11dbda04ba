#include "carousel/detail/driver/fork_epoch.hpp"

#include <pthread.h>

#include "carousel/detail/driver/context.hpp"

namespace carousel::detail {

void watch_forks() noexcept {
  static const int watched = pthread_atfork(nullptr, nullptr, [] {
    ++forks;
    if (current_context != nullptr) current_context->task_event = true;
    current_context = nullptr;
  });
  CAROUSEL_ASSERT(watched == 0, "there is no memory to watch forks");
}

}  // namespace carousel::detail
