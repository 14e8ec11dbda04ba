#pragma once

#include <cstdint>

#include "carousel/detail/slot.hpp"

namespace carousel::detail {

/// user_data: what kind of completion it is (8 bits), the slot's index (24 bits), the slot's generation (32 bits).
enum class completion_kind : std::uint8_t { operation = 1, cancel = 2, wake = 3 };

[[nodiscard]] constexpr completion_kind kind_of(std::uint64_t user_data) noexcept {
  return static_cast<completion_kind>(user_data >> 56U);
}

[[nodiscard]] constexpr std::uint64_t user_data_of(completion_kind kind, const slot& s) noexcept {
  return std::uint64_t{static_cast<std::uint8_t>(kind)} << 56U | std::uint64_t{s.index} << 32U |
         s.generation;
}

/// Of the read that waits for other threads, and of its cancel.
inline constexpr std::uint64_t wake_user_data =
    std::uint64_t{static_cast<std::uint8_t>(completion_kind::wake)} << 56U;
inline constexpr std::uint64_t wake_cancel_user_data = wake_user_data | 1;

}  // namespace carousel::detail
