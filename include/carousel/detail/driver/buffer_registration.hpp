#pragma once

#include <cstddef>
#include <cstdint>

#include "carousel/detail/base/assert.hpp"
#include "carousel/detail/base/list.hpp"
#include "carousel/detail/base/thread_mark.hpp"
#include "carousel/detail/driver/fork_epoch.hpp"

namespace carousel::detail {

class driver;
struct registration_tag;

/// How buffers stand with one driver, from their registration until the kernel has let go of their
/// memory. Whoever owns the memory has it; the driver's buffer table lists it meanwhile.
/// Operations ask it whether the kernel knows a buffer, and as what.
class buffer_registration : public list_hook<registration_tag> {
 public:
  buffer_registration(const buffer_registration&) = delete;
  buffer_registration& operator=(const buffer_registration&) = delete;

  /// Operations of this driver that begin may name the buffers.
  [[nodiscard]] bool is_with(const driver& io) const noexcept { return io_ == &io; }
  /// The driver whose operations may; null before the registration and once it was given up.
  [[nodiscard]] driver* with() const noexcept { return io_; }
  /// The kernel knows them; else those operations run as plain ones. Of one that was not given up.
  [[nodiscard]] bool in_kernel() const noexcept { return in_kernel_; }
  /// What the kernel calls the buffer at this position among those that were registered together.
  [[nodiscard]] std::uint16_t index_of(std::uint16_t position) const noexcept {
    return static_cast<std::uint16_t>(first_ + position);
  }
  /// What the kernel calls this byte of one of them.
  [[nodiscard]] static std::uint64_t address_of(const std::byte* at) noexcept {
    return reinterpret_cast<std::uintptr_t>(at);
  }

  /// The table lists it: the memory must stay.
  [[nodiscard]] bool holds_memory() const noexcept { return linked(); }

  void check_thread() const noexcept {
    if (thread_ == &thread_mark) [[likely]]
      return;
    CAROUSEL_ASSERT(io_ == nullptr || forks_ != forks,
                    "a registered pool and its buffers belong to the thread of their runtime");
  }

 protected:
  buffer_registration() = default;
  virtual ~buffer_registration() = default;

 private:
  friend class buffer_table;
  /// Called once, when the kernel no longer holds the memory: the registration was given up and the
  /// last operation on it has ended, or the driver has. It may destroy the registration.
  virtual void ended() noexcept = 0;

  driver* io_ = nullptr;
  const char* thread_ = nullptr;
  unsigned forks_ = 0;
  bool in_kernel_ = false;
  std::uint16_t first_ = 0;  ///< the index of its first buffer in the kernel's table
  std::size_t users_ = 0;    ///< once it was given up: operations that go on with it
};

}  // namespace carousel::detail
