#pragma once

#include <carousel/buf/fixed_buf_pool.hpp>

#include <cstddef>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "fake/kernel.hpp"

namespace carousel::random_test {

/// The buffers that tasks have in hand, by their first byte.
using in_hand = std::set<const std::byte*>;

/// A pool, what the test knows about it, and the laws that hold at every turn.
class pool_model {
 public:
  pool_model(fake::random& random, bool own_memory);
  pool_model(const pool_model&) = delete;
  pool_model& operator=(const pool_model&) = delete;
  ~pool_model();

  [[nodiscard]] const fixed_buf_pool& handle() const noexcept { return *handle_; }
  [[nodiscard]] fixed_buf_pool take_handle() { return std::move(*handle_); }
  [[nodiscard]] const detail::buf_collection& inside() const noexcept {
    return *inside_.operator->();
  }
  [[nodiscard]] bool closed() const noexcept { return closed_; }
  [[nodiscard]] bool has_own_memory() const noexcept { return own_memory_; }
  void note_closed() noexcept { closed_ = true; }
  /// Changes whenever the pool is registered or ceases to be.
  [[nodiscard]] unsigned epoch() const noexcept { return epoch_; }
  void note_registration() noexcept { ++epoch_; }

  [[nodiscard]] std::size_t some_capacity(fake::random& random) const {
    return capacities_[random.below(capacities_.size())];
  }
  [[nodiscard]] bool has_free(std::size_t capacity) const noexcept;
  [[nodiscard]] bool has_waiter(std::size_t capacity) const noexcept;
  [[nodiscard]] std::size_t leased() const noexcept { return inside().leased(); }

  /// A place in the line for buffers of one capacity, for as long as it lives.
  class ticket {
   public:
    ticket(pool_model& owner, std::size_t capacity, detail::steady_time until)
        : line_(owner.lines_[capacity]), until_(until) {
      line_.push_back(this);
    }
    ticket(const ticket&) = delete;
    ticket& operator=(const ticket&) = delete;
    ~ticket() { line_.remove(this); }
    /// Nobody who came earlier still waits.
    [[nodiscard]] bool is_first() const noexcept {
      for (const ticket* other : line_) {
        if (other == this) return true;
        if (other->until_ > detail::now()) return false;
      }
      return false;
    }

   private:
    std::list<const ticket*>& line_;
    detail::steady_time until_;
  };

  /// free + leased = total, no free buffer beside a waiter, no buffer free or in hand that the kernel has.
  void check(const fake::kernel& kernel, const in_hand& held) const;

 private:
  bool own_memory_;
  bool closed_ = false;
  unsigned epoch_ = 0;
  std::vector<std::size_t> capacities_;
  std::optional<fixed_buf_pool> handle_;
  detail::collection_ref inside_;
  std::vector<const std::byte*> declared_;
  std::map<std::size_t, std::list<const ticket*>> lines_;
};

}  // namespace carousel::random_test
