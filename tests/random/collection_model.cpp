#include "random/collection_model.hpp"

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

void collection_model::check(const fake::kernel& kernel, const in_hand& held) const {
  const auto require = [&](bool holds, const char* law) {
    if (!holds) kernel.fail(law);
  };
  const auto& classes = collection_probe::classes(inside());
  std::map<const detail::buf_size_class*, std::uint32_t> leased;
  std::size_t leased_in_all = 0;
  for (const detail::buf_entry& e : collection_probe::entries(inside())) {
    const bool in_kernel = kernel.borrower(e.data, e.capacity) != 0;
    require(e.leased || !in_kernel, "a free buffer is lent to the kernel");
    require(!held.contains(e.data) || !in_kernel,
            "a buffer in a task's hand is lent to the kernel");
    require(!held.contains(e.data) || e.leased, "a buffer in a task's hand is free");
    if (e.quarantined) continue;
    if (!e.leased) continue;
    ++leased[e.size_class];
    ++leased_in_all;
  }
  require(leased_in_all == inside().leased(), "the count of leases is wrong");
  for (const auto& one : classes) {
    const auto& c = *one;
    require(c.free + leased[&c] + c.quarantined == c.total,
            "free + leased + quarantined is not the number of buffers");
    if (!has_line_) continue;  // a registry takes by index, and never walks the list
    std::uint32_t listed = 0;
    for (const detail::buf_entry* e = c.free_head; e != nullptr; e = e->next_free) {
      require(!e->leased, "a leased buffer is on the free list");
      require(++listed <= c.total, "the free list runs in a circle");
    }
    require(listed == c.free, "the free list has lost a buffer");
    require(c.free == 0 || c.waiters.empty(), "a buffer is free while somebody waits for it");
  }
}

}  // namespace carousel::random_test
