#pragma once

#include "carousel/config.hpp"

#include <atomic>
#include <cstdint>

namespace carousel::detail {

/// Where the completion queue begins and ends, in memory shared with the kernel.
struct completion_marks {
  std::uint32_t* head = nullptr;
  std::uint32_t* tail = nullptr;

  [[nodiscard]] bool differ() const noexcept {
    return *head != std::atomic_ref(*tail).load(std::memory_order_acquire);
  }
  [[nodiscard]] std::uint32_t count() const noexcept {
    return std::atomic_ref(*tail).load(std::memory_order_acquire) - *head;
  }
};

}  // namespace carousel::detail
