#pragma once

#include <carousel/buf/fixed_buf_pool.hpp>
#include <carousel/buf/fixed_buf_registry.hpp>

#include <cstddef>
#include <set>
#include <type_traits>
#include <utility>
#include <vector>

#include "fake/kernel.hpp"
#include "random/tracked_bytes.hpp"
#include "support/collection_probe.hpp"

namespace carousel::random_test {

/// The buffers that tasks have in hand, by their first byte.
using in_hand = std::set<const std::byte*>;

/// A pool or a registry, what the test knows about its registration, and the laws that hold at
/// every turn.
class collection_model {
 public:
  collection_model(const collection_model&) = delete;
  collection_model& operator=(const collection_model&) = delete;
  virtual ~collection_model();

  [[nodiscard]] virtual result<> register_buffers() const = 0;
  [[nodiscard]] virtual result<> unregister_buffers() const = 0;
  [[nodiscard]] registration registered() const noexcept {
    return inside().registration().outcome();
  }
  [[nodiscard]] bool closed() const noexcept { return closed_; }
  void note_closed() noexcept { closed_ = true; }
  /// Changes whenever the collection is registered or ceases to be.
  [[nodiscard]] unsigned epoch() const noexcept { return epoch_; }
  void note_registration() noexcept { ++epoch_; }
  [[nodiscard]] std::size_t leased() const noexcept;
  [[nodiscard]] const detail::buf_collection& inside() const noexcept {
    return *inside_.operator->();
  }

  /// free + leased = total, no free buffer beside a waiter, no buffer free or in hand that the
  /// kernel has.
  void check(const fake::kernel& kernel, const in_hand& held) const;

 protected:
  template <class Handle>
  explicit collection_model(const Handle& handle)
      : has_line_(std::is_same_v<Handle, fixed_buf_pool>),
        inside_(&detail::collection_probe::of(handle)) {
    inside_->retain();
  }
  /// Tells the fake kernel that these are buffers; those of tracked_bytes say so themselves.
  void declare_all();

 private:
  bool has_line_;
  bool closed_ = false;
  unsigned epoch_ = 0;
  detail::collection_ref inside_;
  std::vector<const std::byte*> declared_;
};

/// Buffers of the given classes in a Handle, in memory of its own or in the test's.
template <class Handle>
Handle make_collection(bool own_memory, const std::vector<buf_class>& classes,
                       pool_options options) {
  if (!own_memory) return Handle::make(classes, options).value();
  std::vector<tracked_bytes> memory;
  for (const buf_class& c : classes) {
    for (std::size_t i = 0; i < c.count; ++i) memory.emplace_back(c.capacity);
  }
  return Handle::from(std::move(memory), options).value();
}

}  // namespace carousel::random_test
