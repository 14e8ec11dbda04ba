#pragma once

#include <optional>

#include "carousel/sync/semaphore.hpp"

namespace carousel {

/// Keeps what one task does over several awaits apart from the others of its thread: a semaphore of
/// one permit, with its rules. Between two awaits nothing else runs, so code that does not await in
/// the middle needs no mutex.
class mutex {
 public:
  /// Holds the lock until it is destroyed.
  using guard = semaphore::permit;
  using lock_operation = semaphore::acquire_operation;

  [[nodiscard]] bool locked() const noexcept { return one_.available() == 0; }
  [[nodiscard]] std::optional<guard> try_lock() noexcept { return one_.try_acquire(); }
  /// Awaited: result<guard>. Error: canceled.
  [[nodiscard]] lock_operation lock() noexcept { return one_.acquire(); }

 private:
  semaphore one_{1};
};

}  // namespace carousel
