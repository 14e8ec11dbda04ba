#pragma once

#include <concepts>
#include <cstdint>
#include <utility>

#include "carousel/buf/fixed_buf.hpp"

namespace carousel {

/// Buffers that fixed operations take: a lease, or a slice of one.
template <class T>
concept fixed_io_buf = std::same_as<T, fixed_buf> || std::same_as<T, buf_slice<fixed_buf>>;

namespace detail {

/// What a fixed operation asks a lease.
struct fixed_access {
  [[nodiscard]] static const fixed_buf& lease(const fixed_buf& b) noexcept { return b; }
  [[nodiscard]] static const fixed_buf& lease(const buf_slice<fixed_buf>& s) noexcept {
    return s.inner();
  }

  static const fixed_buf& lease(fixed_buf&&) = delete;
  static const fixed_buf& lease(buf_slice<fixed_buf>&&) = delete;

  [[nodiscard]] static failure_code check(const fixed_buf& b, const driver& io) noexcept {
    const buf_collection& owner = *b.entry().owner;
    const buffer_registration& registered = owner.registration();
    if (registered.is_with(io)) [[likely]]
      return 0;
    if (registered.with() != nullptr) return failure(errc::wrong_runtime);
    return failure(owner.closed() ? errc::pool_closed : errc::not_registered);
  }
  /// A lease that is kept as the position of its buffer meanwhile, and one again.
  [[nodiscard]] static std::uint16_t leave(fixed_buf lease) noexcept {
    return std::exchange(lease.entry_, nullptr)->index;
  }
  [[nodiscard]] static fixed_buf adopt(buf_entry& left) noexcept {
    left.holder = current_task_id();
    return fixed_buf(left);
  }
  /// The kernel never gave the buffer back: it is lost to its collection.
  static void quarantine(const fixed_buf& b) noexcept { b.entry().owner->quarantine(b.entry()); }
  [[nodiscard]] static const buffer_registration& registration(const fixed_buf& b) noexcept {
    return b.entry().owner->registration();
  }
};

}  // namespace detail
}  // namespace carousel
