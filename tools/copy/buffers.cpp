#include "copy/buffers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/memlock.hpp"

namespace carousel::tool {
namespace {

constexpr std::size_t small_bytes_max = std::size_t{256} << 10U;
/// Large buffers are whole pages, so that each begins at one, as direct transfers want it.
constexpr std::size_t page_bytes = 4096;
/// Buffers take a quarter of the memory that there is: the kernel does not refuse more, but kills.
constexpr std::uint64_t room_share = 4;
/// Fewer than this many copy slower than smaller ones do, down to a size from which on size matters
/// more.
constexpr std::size_t fitted_count_min = 4;
constexpr std::size_t fitted_bytes_min = std::size_t{64} << 10U;

/// What the pool says, with the fix that a user of the program can type.
std::string refusal_text(const registration_report& why, std::size_t bytes) {
  const std::string what = fmt::format(
      "the kernel does not register the {} MiB of large buffers, and they are used as ordinary "
      "ones: ",
      (bytes + (1U << 20U) - 1) >> 20U);
  if (why.refused == std::errc::not_enough_memory && why.allowed_bytes)
    return what + fmt::format("RLIMIT_MEMLOCK is {}; {}", memlock_limit_text(),
                              memlock_fix(memlock_kib_for(bytes)));
  return what + why.refused.message();
}

}  // namespace

copy_buffers::copy_buffers(sizes wanted, fixed_buf_pool small, std::size_t small_bytes) noexcept
    : wanted_(wanted), small_(std::move(small)), small_bytes_(small_bytes) {}

copy_buffers::sizes copy_buffers::fitted(sizes wanted, std::uint64_t room) noexcept {
  const std::uint64_t share = room / room_share;
  const auto fit = [&](std::size_t large_bytes) {
    return share / (large_bytes + std::min(large_bytes, small_bytes_max));
  };
  const std::size_t count_min = std::min(wanted.count, fitted_count_min);
  while (fit(wanted.large_bytes) < count_min && wanted.large_bytes > fitted_bytes_min)
    wanted.large_bytes = std::max(wanted.large_bytes / 2, fitted_bytes_min);
  const std::uint64_t count = std::max<std::uint64_t>(fit(wanted.large_bytes), 1);
  wanted.count = static_cast<std::size_t>(std::min<std::uint64_t>(count, wanted.count));
  return wanted;
}

result<copy_buffers> copy_buffers::make(sizes wanted, std::size_t small_count) {
  wanted.large_bytes = (wanted.large_bytes + page_bytes - 1) / page_bytes * page_bytes;
  const std::size_t small_bytes = std::min(wanted.large_bytes, small_bytes_max);
  auto small = fixed_buf_pool::make({{small_bytes, small_count}});
  if (!small) return std::unexpected(small.error());
  return copy_buffers(wanted, std::move(*small), small_bytes);
}

result<> copy_buffers::make_large() {
  const buf_class large{wanted_.large_bytes, wanted_.count};
  auto made = fixed_buf_pool::make({large}, pool_options{.huge = huge_pages::transparent});
  if (!made) return std::unexpected(made.error());
  if (const auto registered = made->register_buffers(); !registered) return registered;
  if (made->registered() == registration::plain)
    refusal_ = refusal_text(made->why_plain(), wanted_.count * wanted_.large_bytes);
  large_ = std::move(*made);
  return {};
}

task<result<fixed_buf>> copy_buffers::large() {
  if (!large_) {
    const auto made = make_large();
    if (!made) co_return std::unexpected(made.error());
  }
  co_return co_await large_->next(wanted_.large_bytes);
}

std::optional<fixed_buf> copy_buffers::another_large() const {
  return large_->try_next(wanted_.large_bytes);
}

registration copy_buffers::registered() const noexcept {
  return large_ ? large_->registered() : registration::none;
}

}  // namespace carousel::tool
