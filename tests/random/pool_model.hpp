#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <optional>
#include <vector>

#include "random/collection_model.hpp"

namespace carousel::random_test {

/// What a pool_model is made of before the rest of it can be.
struct pool_parts {
  std::vector<std::size_t> capacities;
  std::optional<fixed_buf_pool> pool;
};

class pool_model final : pool_parts, public collection_model {
 public:
  pool_model(fake::random& random, bool own_memory);

  [[nodiscard]] const fixed_buf_pool& handle() const noexcept { return *pool; }
  [[nodiscard]] result<> register_buffers() const override { return handle().register_buffers(); }
  [[nodiscard]] result<> unregister_buffers() const override {
    return handle().unregister_buffers();
  }

  [[nodiscard]] std::size_t some_capacity(fake::random& random) const {
    return capacities[random.below(capacities.size())];
  }
  [[nodiscard]] bool has_free(std::size_t capacity) const noexcept;
  [[nodiscard]] bool has_waiter(std::size_t capacity) const noexcept;

  /// A place in the line for buffers of one capacity, for as long as it lives.
  class ticket {
   public:
    ticket(pool_model& owner, std::size_t capacity, detail::steady_time until);
    ticket(const ticket&) = delete;
    ticket& operator=(const ticket&) = delete;
    ~ticket() { line_.remove(this); }
    /// Nobody who came earlier still waits.
    [[nodiscard]] bool is_first() const noexcept;

   private:
    /// Its time is not up, and nobody asked its task to stop.
    [[nodiscard]] bool waits() const noexcept;

    std::list<const ticket*>& line_;
    detail::steady_time until_;
    const detail::stop_scope* scope_;  ///< outlives what waits in it
  };

 private:
  std::map<std::size_t, std::list<const ticket*>> lines_;
};

/// A set of buffers that tasks take by index.
struct registry_part {
  fixed_buf_registry registry;
};

class registry_model final : registry_part, public collection_model {
 public:
  explicit registry_model(fake::random& random)
      : registry_part{make_collection<fixed_buf_registry>(
            true, {{.capacity = 64, .count = 2}, {.capacity = 700, .count = 1 + random.below(3)}},
            {.huge = huge_pages::never, .strict = false})},
        collection_model(registry) {}

  [[nodiscard]] const fixed_buf_registry& handle() const noexcept { return registry; }
  [[nodiscard]] result<> register_buffers() const override { return handle().register_buffers(); }
  [[nodiscard]] result<> unregister_buffers() const override {
    return handle().unregister_buffers();
  }
  [[nodiscard]] bool is_in(std::size_t index) const noexcept {
    const auto& entries = detail::collection_probe::entries(inside());
    return index < entries.size() && !entries[index].leased;
  }
};

}  // namespace carousel::random_test
