#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "carousel/buf/arena.hpp"
#include "carousel/detail/buf/buf_storage.hpp"

namespace carousel::detail {

inline constexpr std::size_t page_bytes = 4096;

/// An arena of a collection's own. Pages with a quarantined buffer in them are replaced by a
/// reservation without access that is never released: a plain operation that ends late finds no
/// memory there (EFAULT), a fixed one writes into pages that only the kernel still has, and no
/// later mapping can get the addresses.
class arena_storage final : public buf_storage {
 public:
  explicit arena_storage(arena memory) noexcept : memory_(std::move(memory)) {}
  arena_storage(const arena_storage&) = delete;
  arena_storage& operator=(const arena_storage&) = delete;
  ~arena_storage() override;

  [[nodiscard]] bool quarantine(std::span<std::byte> buffer) noexcept override;

 private:
  arena memory_;
  std::vector<std::pair<std::byte*, std::byte*>> lost_;
};

}  // namespace carousel::detail
