#include "random/collection_model.hpp"

#include <algorithm>
#include <map>

namespace carousel::random_test {

using detail::collection_probe;

collection_model::~collection_model() {
  for (const std::byte* first : declared_) fake::declared_memory::forget(first);
}

void collection_model::declare_all() {
  for (const detail::buf_entry& e : collection_probe::entries(inside())) {
    fake::declared_memory::declare(e.data, e.capacity);
    declared_.push_back(e.data);
  }
}

std::size_t collection_model::leased() const noexcept {
  const auto& entries = collection_probe::entries(inside());
  return static_cast<std::size_t>(std::ranges::count_if(
      entries, [](const detail::buf_entry& e) { return e.leased && !e.quarantined; }));
}

void collection_model::check(const fake::kernel& kernel, const in_hand& held) const {
  const auto require = [&](bool holds, const char* law) {
    if (!holds) kernel.fail(law);
  };
  const auto& classes = collection_probe::classes(inside());
  std::map<const detail::buf_size_class*, std::uint32_t> leased;
  for (const detail::buf_entry& e : collection_probe::entries(inside())) {
    const bool in_kernel = kernel.borrower(e.data, e.capacity) != 0;
    require(e.leased || !in_kernel, "a free buffer is lent to the kernel");
    require(!held.contains(e.data) || !in_kernel,
            "a buffer in a task's hand is lent to the kernel");
    require(!held.contains(e.data) || e.leased, "a buffer in a task's hand is free");
    const detail::buf_size_class* const whole =
        e.size_class->whole != nullptr ? e.size_class->whole : e.size_class;
    const bool lent = !e.leased && whole != e.size_class;
    require(!lent || e.size_class->waiters.empty(), "a group has a buffer while a stream waits");
    if ((e.leased && !e.quarantined) || lent) ++leased[whole];
  }
  for (const auto& c : classes) {
    // A registry takes by index and never walks the list, and a closed pool has none.
    if (!has_line_ || inside().closed()) continue;
    std::uint32_t listed = 0;
    for (const detail::buf_entry* e = c.free_head; e != nullptr; e = e->next_free) {
      require(!e->leased, "a leased buffer is on the free list");
      require(++listed <= c.total, "the free list runs in a circle");
    }
    require(listed + leased[&c] + c.quarantined == c.total, "the free list has lost a buffer");
    require(listed == 0 || c.waiters.empty(), "a buffer is free while somebody waits for it");
  }
}

}  // namespace carousel::random_test
