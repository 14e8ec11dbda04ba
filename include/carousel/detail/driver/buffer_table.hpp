#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "carousel/detail/driver/buffer_registration.hpp"
#include "carousel/result.hpp"

struct iovec;

namespace carousel::sys {
class kernel;
}

namespace carousel::detail {

/// The ring's table of registered buffers: who has a part of it. One collection at a time has all
/// of it, and the one before it may be on its way out.
class buffer_table {
 public:
  buffer_table() = default;
  buffer_table(const buffer_table&) = delete;
  buffer_table& operator=(const buffer_table&) = delete;
  ~buffer_table();

  void open(sys::kernel& kernel, driver& io) noexcept {
    kernel_ = &kernel;
    io_ = &io;
  }

  /// Errors: already_registered, busy (operations still use what was registered before), or the
  /// kernel's.
  [[nodiscard]] result<> add(buffer_registration& new_one, std::span<const iovec> buffers);
  /// After add() was refused for a buffer: which is the first of these that the kernel does not
  /// take. Each is locked once for that at most. None when it takes all of them, or refuses for
  /// another reason now.
  [[nodiscard]] std::optional<std::size_t> first_refused(std::span<const iovec> buffers) noexcept;
  /// Occupies the table without the kernel, after it refused.
  void add_plain(buffer_registration& new_one) noexcept;
  /// Takes effect for new operations at once, and in the kernel when those that use it, `users` of
  /// them, have ended: up to Linux 6.12 the call would block until then.
  void remove(buffer_registration& old, std::size_t users) noexcept;
  /// One of those users has ended.
  void end_use() noexcept;

  /// The driver is leaked with operations in the kernel: the memory is free to go, the kernel is
  /// not asked.
  void abandon() noexcept;

  [[nodiscard]] bool removing() const noexcept { return leaving_ != nullptr; }
  /// A remove() whose last operation has ended is to be completed.
  [[nodiscard]] bool wants_settling() const noexcept {
    return leaving_ != nullptr && leaving_->users_ == 0;
  }
  void settle() noexcept {
    if (wants_settling()) finish_removal();
  }

 private:
  void finish_removal() noexcept;
  static void end(buffer_registration& gone) noexcept;

  sys::kernel* kernel_ = nullptr;
  driver* io_ = nullptr;
  unsigned forks_ = forks;
  list<buffer_registration, registration_tag> present_;
  buffer_registration* leaving_ = nullptr;  ///< of those: given up, and still used by operations
};

}  // namespace carousel::detail
