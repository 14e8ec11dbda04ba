#include "carousel/sync/semaphore.hpp"

namespace carousel {

bool semaphore::take(std::size_t many) noexcept {
  CAROUSEL_ASSERT_AT_MOST(
      many, total_, "more permits were asked for than the semaphore has: that would wait for ever");
  if (many > free_) return false;
  free_ -= many;
  return true;
}

void semaphore::give_back(std::size_t many) noexcept {
  CAROUSEL_ASSERT_AT_MOST(many, total_ - free_,
                          "more permits came back than the semaphore has given");
  free_ += many;
  serve();
}

void semaphore::serve() noexcept {
  while (!line_.empty()) {
    auto& first = static_cast<awaiter&>(line_.front());
    if (!take(first.many_)) return;
    first.serve();
  }
}

}  // namespace carousel
