#include "carousel/detail/base/keep_for_ever.hpp"

#include <atomic>
#include <new>

namespace carousel::detail {
namespace {

struct kept {
  void* object;
  kept* next;
};

constinit std::atomic<kept*> all_kept = nullptr;

}  // namespace

void keep_for_ever(void* object) noexcept {
  auto* entry = new (std::nothrow) kept{.object = object, .next = all_kept.load()};
  if (entry == nullptr) return;  // leaked all the same
  while (!all_kept.compare_exchange_weak(entry->next, entry)) {
  }
}

}  // namespace carousel::detail
