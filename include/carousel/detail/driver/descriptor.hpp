#pragma once

#include <cstdint>
#include <utility>

#include "carousel/detail/base/recycler.hpp"
#include "carousel/detail/driver/file_waiter.hpp"
#include "carousel/detail/driver/inline_attempts.hpp"
#include "carousel/result.hpp"

namespace carousel::detail {

class file_table;
struct operation_base;

enum class file_state : std::uint8_t {
  open,
  /// Open, but an entry of `table` and no descriptor: only the runtime of that can use it.
  ring_only,
  closed  ///< close() was called: no operation starts any more
};

/// An open file, shared by the file objects and by the operations that use it; the last reference
/// closes it. An operation in the kernel keeps it open, so a descriptor number is never reused
/// under an operation.
struct descriptor : recycled {
  std::uint32_t refs = 1;
  std::uint32_t started = 0;  ///< operations that hold it and are not over; close() waits for zero
  std::int32_t fd = -1;       ///< -1: ring-only, or closed
  std::int16_t table_index = -1;  ///< in `table`, or -1
  std::uint16_t uses = 0;
  file_table* table = nullptr;
  /// O_DIRECT: alignment of addresses in bytes; 0: nothing to check.
  std::uint32_t memory_align = 0;
  std::uint32_t offset_align = 0;  ///< O_DIRECT: alignment of offsets and lengths in bytes
  /// Of a socket, as a negative errno: what its connection broke by, for the kernel says so once.
  std::int16_t connection_error = 0;
  file_state state = file_state::open;
  /// A socket that has refused to send without a copy.
  bool copies_sends = false;
  inline_attempts attempts;
  operation_base* closer = nullptr;  ///< close(), while it waits
  file_waiter* waiters = nullptr;

  explicit descriptor(int number) noexcept : fd(number) {}
  /// Why no operation may start on it in the runtime with this table; 0: one may.
  [[nodiscard]] failure_code refusal(const file_table& files) const noexcept {
    if (state == file_state::open) [[likely]]
      return 0;
    if (state == file_state::closed) return failure(std::errc::bad_file_descriptor);
    return table == &files ? 0 : failure(errc::wrong_runtime);
  }
  /// Reads the O_DIRECT rules of the file, when it was opened so (statx STATX_DIOALIGN, Linux 6.1);
  /// else its transfers may be tried inline.
  void learn_way() noexcept;
  /// It is closed for all but close().
  void note_closed() noexcept;
  /// An operation holds it no more. Whether it was counted has been asked when its completion came
  /// (ring_driver::finish): here it would cost as much as the step.
  void end_operation() noexcept {
    --started;
    if (closer != nullptr) [[unlikely]]
      start_closer();
  }
  static void destroy(descriptor* d) noexcept;

 private:
  /// Once no operation holds the file.
  void start_closer() noexcept;
};

static_assert(sizeof(descriptor) == 56, "each connection has one");

/// A counted reference to a descriptor. Not thread-safe.
class fd_ref {
 public:
  fd_ref() = default;
  explicit fd_ref(descriptor* adopted) noexcept : d_(adopted) {}
  /// Takes ownership of an open descriptor. Throws std::bad_alloc, with the descriptor closed.
  [[nodiscard]] static fd_ref own(int fd);
  fd_ref(const fd_ref& other) noexcept : d_(other.d_) {
    if (d_ != nullptr) ++d_->refs;
  }
  fd_ref(fd_ref&& other) noexcept : d_(std::exchange(other.d_, nullptr)) {}
  fd_ref& operator=(fd_ref other) noexcept {
    std::swap(d_, other.d_);
    return *this;
  }
  ~fd_ref() {
    if (d_ != nullptr && --d_->refs == 0) descriptor::destroy(d_);
  }
  [[nodiscard]] descriptor* release() noexcept { return std::exchange(d_, nullptr); }
  [[nodiscard]] descriptor* get() const noexcept { return d_; }
  descriptor* operator->() const noexcept { return d_; }
  explicit operator bool() const noexcept { return d_ != nullptr; }

 private:
  descriptor* d_ = nullptr;
};

}  // namespace carousel::detail
