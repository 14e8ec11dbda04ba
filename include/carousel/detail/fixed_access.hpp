#pragma once

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

  [[nodiscard]] static std::error_code check(const fixed_buf& b, const driver& io) noexcept {
    CAROUSEL_ASSERT(b.collection_ != nullptr,
                    "this fixed_buf was moved from: its buffer is somewhere else");
    if (b.collection_->registered_driver() == &io) return {};
    return b.collection_->registered() == registration::none ? errc::not_registered
                                                             : errc::wrong_runtime;
  }
  /// The kernel holds the buffers; otherwise the operation runs as an ordinary one.
  [[nodiscard]] static bool in_kernel(const fixed_buf& b) noexcept {
    return b.collection_->registered() == registration::fixed;
  }
  [[nodiscard]] static std::uint16_t table_index(const fixed_buf& b) noexcept {
    return static_cast<std::uint16_t>(b.slot_index());
  }
};

}  // namespace detail
}  // namespace carousel
