#include "random/pool_model.hpp"

#include <algorithm>

namespace carousel::random_test {
namespace {

using detail::collection_probe;

std::vector<std::size_t> some_capacities(fake::random& random) {
  std::vector<std::size_t> some = {64 + 8 * random.below(32)};
  if (random.below(2) == 0) some.push_back(1024);
  if (random.below(3) == 0) some.push_back(3000);
  return some;
}

fixed_buf_pool make_pool(fake::random& random, bool own_memory,
                         const std::vector<std::size_t>& capacities) {
  const pool_options options{.huge = huge_pages::never, .strict = random.below(4) == 0};
  std::vector<buf_class> classes;
  for (const std::size_t capacity : capacities)
    classes.push_back({.capacity = capacity, .count = 1 + random.below(4)});
  return make_collection<fixed_buf_pool>(own_memory, classes, options);
}

const auto& class_of(const detail::buf_collection& inside, std::size_t capacity) {
  const auto& classes = collection_probe::classes(inside);
  return *std::ranges::find_if(classes, [&](const auto& c) { return c.capacity == capacity; });
}

}  // namespace

pool_model::pool_model(fake::random& random, bool own_memory)
    : pool_parts{.capacities = some_capacities(random), .pool = std::nullopt},
      collection_model(pool.emplace(make_pool(random, own_memory, capacities))) {
  if (!own_memory) declare_all();
}

bool pool_model::has_free(std::size_t capacity) const noexcept {
  return class_of(inside(), capacity).free_head != nullptr;
}

bool pool_model::has_waiter(std::size_t capacity) const noexcept {
  return !class_of(inside(), capacity).waiters.empty();
}

pool_model::ticket::ticket(pool_model& owner, std::size_t capacity, detail::steady_time until)
    : line_(owner.lines_[capacity]), until_(until), scope_(detail::this_context().scope) {
  line_.push_back(this);
}

bool pool_model::ticket::waits() const noexcept {
  return until_ > detail::now() && (scope_ == nullptr || !scope_->stopped());
}

bool pool_model::ticket::is_first() const noexcept {
  for (const ticket* other : line_) {
    if (other == this) return true;
    if (other->waits()) return false;
  }
  return false;
}

}  // namespace carousel::random_test
