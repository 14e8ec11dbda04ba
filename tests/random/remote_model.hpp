#pragma once

#include <carousel/remote_runtime.hpp>
#include <carousel/sync/remote_channel.hpp>

#include <cstdint>
#include <utility>

namespace carousel::random_test {

/// Something that is somewhere exactly once until it is destroyed, and then nowhere.
class parcel {
 public:
  parcel(std::uint64_t number, std::uint64_t& alive) noexcept : number_(number), alive_(&alive) {
    ++alive;
  }
  parcel(parcel&& other) noexcept
      : number_(other.number_), alive_(std::exchange(other.alive_, nullptr)) {}
  parcel& operator=(parcel&&) = delete;
  ~parcel() {
    if (alive_ != nullptr) --*alive_;
  }
  /// 0: it was moved away.
  [[nodiscard]] std::uint64_t number() const noexcept { return alive_ != nullptr ? number_ : 0; }

 private:
  std::uint64_t number_;
  std::uint64_t* alive_;
};

/// What is handed to the runtime from outside, and passed between tasks by way of what threads
/// share.
struct remote_model {
  std::uint64_t last_made = 0;
  std::uint64_t alive = 0;
  std::uint64_t last_run = 0;  ///< of the callables that were posted
  remote_runtime handle;
  remote_channel<parcel> channel{2};

  [[nodiscard]] parcel make() { return {++last_made, alive}; }
};

}  // namespace carousel::random_test
