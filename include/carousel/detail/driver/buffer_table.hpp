#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "carousel/detail/driver/fork_epoch.hpp"
#include "carousel/result.hpp"

struct iovec;

namespace carousel::sys {
class kernel;
}

namespace carousel::detail {

/// Memory that is registered with the kernel. The table calls registration_ended() once, when the
/// kernel no longer holds the registration: it was given up and the last operation on it has ended,
/// or the driver has.
class registered_memory {
 public:
  virtual void registration_ended() noexcept = 0;

 protected:
  ~registered_memory() = default;
};

/// The ring's table of registered buffers: one collection at a time.
class buffer_table {
 public:
  buffer_table() = default;
  buffer_table(const buffer_table&) = delete;
  buffer_table& operator=(const buffer_table&) = delete;
  ~buffer_table();

  void open(sys::kernel& kernel) noexcept { kernel_ = &kernel; }

  /// Errors: already_registered, busy (operations still use the collection that was there before),
  /// or the kernel's.
  [[nodiscard]] result<> add(registered_memory& memory, std::span<const iovec> buffers);
  /// After add() was refused for a buffer: which is the first that the kernel does not take. Each
  /// is locked once more for that at most. None when the kernel refuses for another reason now.
  [[nodiscard]] std::optional<std::size_t> first_refused(std::span<const iovec> buffers) noexcept;
  /// Occupies the table without the kernel, after it refused.
  void add_plain(registered_memory& memory) noexcept;
  /// Takes effect for new operations at once, and in the kernel when those that use it, `users` of
  /// them, have ended: up to Linux 6.12 the call would block until then.
  void remove(std::size_t users) noexcept;

  /// The driver is leaked with operations in the kernel: the collections are free to go, the kernel
  /// is not asked.
  void abandon() noexcept;

  /// Whose operations must be counted down by end_use().
  [[nodiscard]] bool removing() const noexcept { return removed_ != nullptr; }
  void end_use() noexcept { --users_; }
  /// A remove() whose last operation has ended is to be completed.
  [[nodiscard]] bool wants_settling() const noexcept { return removed_ != nullptr && users_ == 0; }
  void settle() noexcept {
    if (wants_settling()) finish_removal();
  }

 private:
  void finish_removal() noexcept;

  sys::kernel* kernel_ = nullptr;
  registered_memory* memory_ = nullptr;
  bool in_kernel_ = false;
  unsigned forks_ = forks;
  registered_memory* removed_ = nullptr;  ///< given up, still used by operations
  std::size_t users_ = 0;                 ///< of those, how many
};

}  // namespace carousel::detail
