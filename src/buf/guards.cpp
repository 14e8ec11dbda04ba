#include "buf/guards.hpp"

#include <algorithm>
#include <cstddef>
#include <span>

#include "base/sanitizers.hpp"
#include "base/state_assert.hpp"
#include "buf/arena_layout.hpp"
#include "carousel/detail/buf/buf_collection.hpp"

namespace carousel::detail {

#if defined(NDEBUG) && !defined(CAROUSEL_ADDRESS_SANITIZER)
extern const bool guards_are_checked = false;
#else
extern const bool guards_are_checked = true;
#endif

namespace {

constexpr std::byte guard_pattern{0xa5};
constexpr std::size_t guard_bytes_max = 64;

[[nodiscard]] std::span<std::byte> guard_of(const buf_entry& e) noexcept {
  return {e.data + e.capacity, std::min(stride_of(e.capacity) - e.capacity, guard_bytes_max)};
}

}  // namespace

void set_guard(const buf_entry& e) noexcept { std::ranges::fill(guard_of(e), guard_pattern); }

void check_guard(const buf_entry& e) noexcept {
  const auto changed =
      std::ranges::count_if(guard_of(e), [](std::byte b) { return b != guard_pattern; });
  CAROUSEL_ASSERT_STATE(
      changed == 0,
      "somebody wrote beyond the end of a buffer that is now checked in: %td of the "
      "%zu bytes behind buffer %u, of %zu bytes",
      changed, guard_of(e).size(), e.index, e.capacity);
}

}  // namespace carousel::detail
