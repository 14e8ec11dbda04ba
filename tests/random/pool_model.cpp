#include "random/pool_model.hpp"

#include <algorithm>

#include "random/tracked_bytes.hpp"
#include "support/collection_probe.hpp"

namespace carousel::random_test {
namespace {

using detail::collection_probe;

detail::collection_ref retained(const fixed_buf_pool& pool) {
  detail::buf_collection& inside = collection_probe::of(pool);
  inside.retain();
  return detail::collection_ref(&inside);
}

fixed_buf_pool make_pool(fake::random& random, bool own_memory,
                         const std::vector<std::size_t>& capacities) {
  const pool_options options{.huge = huge_pages::never, .strict = random.below(4) == 0};
  std::vector<buf_class> classes;
  for (const std::size_t capacity : capacities)
    classes.push_back({.capacity = capacity, .count = 1 + random.below(4)});
  if (!own_memory) return fixed_buf_pool::make(classes, options).value();
  std::vector<tracked_bytes> memory;
  for (const buf_class& c : classes) {
    for (std::size_t i = 0; i < c.count; ++i) memory.emplace_back(c.capacity);
  }
  return fixed_buf_pool::from(std::move(memory), options).value();
}

std::vector<std::size_t> some_capacities(fake::random& random) {
  std::vector<std::size_t> some = {64 + 8 * random.below(32)};
  if (random.below(2) == 0) some.push_back(1024);
  if (random.below(3) == 0) some.push_back(3000);
  return some;
}

const auto& class_of(const detail::buf_collection& inside, std::size_t capacity) {
  const auto& classes = collection_probe::classes(inside);
  return **std::ranges::find_if(classes, [&](const auto& c) { return c->capacity == capacity; });
}

}  // namespace

pool_model::pool_model(fake::random& random, bool own_memory)
    : own_memory_(own_memory),
      capacities_(some_capacities(random)),
      handle_(make_pool(random, own_memory, capacities_)),
      inside_(retained(*handle_)) {
  if (own_memory) return;
  for (const detail::buf_entry& e : collection_probe::entries(inside())) {
    fake::declared_memory::declare(e.data, e.capacity);
    declared_.push_back(e.data);
  }
}

pool_model::~pool_model() {
  for (const std::byte* first : declared_) fake::declared_memory::forget(first);
}

bool pool_model::has_free(std::size_t capacity) const noexcept {
  return class_of(inside(), capacity).free != 0;
}

bool pool_model::has_waiter(std::size_t capacity) const noexcept {
  return !class_of(inside(), capacity).waiters.empty();
}

void pool_model::check(const fake::kernel& kernel, const in_hand& held) const {
  const auto require = [&](bool holds, const char* law) {
    if (!holds) kernel.fail(law);
  };
  const auto& classes = collection_probe::classes(inside());
  std::vector<std::uint32_t> leased(classes.size());
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
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const auto& c = *classes[i];
    require(c.free + leased[i] + c.quarantined == c.total,
            "free + leased + quarantined is not the number of buffers");
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
