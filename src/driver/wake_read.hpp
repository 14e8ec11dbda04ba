#pragma once

#include <cstddef>
#include <cstdint>

#include "carousel/detail/driver/slot.hpp"
#include "ring/ring.hpp"

namespace carousel::detail {

/// The read that waits for other threads: of an eventfd, from the first watch() on. Its eight bytes
/// are the kernel's while it is there, like a slot.
class wake_read {
 public:
  /// It, and its cancel.
  static constexpr unsigned requests_max = 2;

  void watch(int event_fd) noexcept { fd_ = event_fd; }
  [[nodiscard]] bool watches() const noexcept { return fd_ >= 0; }
  /// Counted among the requests that the kernel has.
  [[nodiscard]] bool is_reading() const noexcept { return reading_; }
  /// Nobody outside could end a wait now, although somebody may want to.
  [[nodiscard]] bool is_missing() const noexcept { return watches() && !reading_; }
  /// It is cancelled, and does not come again.
  void end() noexcept { ending_ = true; }

  /// Queues it, or its cancel, where that is to be done, and counts it in `requests`. False: there
  /// was no room.
  [[nodiscard]] bool encode(ring& into, std::size_t& requests) noexcept;
  /// A completion of this name has come.
  void complete(std::uint64_t user_data) noexcept {
    if (user_data == read_name) reading_ = false;
  }
  /// The kernel has never had the request of this name.
  void withdrawn(std::uint64_t user_data) noexcept {
    (user_data == read_name ? reading_ : canceled_) = false;
  }

 private:
  static constexpr std::uint64_t read_name = user_data_of(completion_kind::wake);
  static constexpr std::uint64_t cancel_name = read_name | 1;

  std::uint64_t bytes_ = 0;
  int fd_ = -1;  ///< -1: nobody outside can wake us
  bool reading_ = false;
  bool ending_ = false;
  bool canceled_ = false;
};

}  // namespace carousel::detail
