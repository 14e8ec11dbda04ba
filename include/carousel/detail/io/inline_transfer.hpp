#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "carousel/detail/driver/descriptor.hpp"
#include "carousel/detail/driver/driver.hpp"
#include "carousel/detail/sys/read_now.hpp"
#include "carousel/ext/hooks.hpp"

namespace carousel::detail {

/// What is longer goes to the ring, which is no slower with it, and others would wait longer.
inline constexpr std::size_t inline_bytes_max = 64UL << 10U;

/// The current position is none: it would have moved by what came in part.
[[nodiscard]] inline bool may_be_inline(const descriptor& file, std::size_t bytes,
                                        std::uint64_t at) noexcept {
  return file.fd >= 0 && bytes <= inline_bytes_max && static_cast<std::int64_t>(at) >= 0;
}

/// The same call by way of the driver's kernel.
[[nodiscard]] std::int32_t read_indirectly(driver& io, const descriptor& file,
                                           std::span<std::byte> into, std::uint64_t at) noexcept;
/// What an attempt means that has not brought all that was asked for.
[[nodiscard]] std::int32_t judge_read(descriptor& file, std::int32_t n, std::size_t wanted,
                                      std::uint64_t at, std::int32_t& came) noexcept;

/// Transfers at an offset without the ring: the count or the error, or not_attempted. `came` is
/// then what is in the buffer already.
[[nodiscard, gnu::always_inline]] inline std::int32_t read_inline(driver& io, descriptor& file,
                                                                  std::span<std::byte> into,
                                                                  std::uint64_t at,
                                                                  std::int32_t& came) noexcept {
  if (!may_be_inline(file, into.size(), at) || file.attempts.skips()) [[unlikely]]
    return ext::not_attempted;
  std::int32_t n = 0;
  if (io.has_bare_reads()) [[likely]] {
    n = sys::read_now(file.fd, into, at);
  } else {
    n = read_indirectly(io, file, into, at);
  }
  if (n < 0 || static_cast<std::size_t>(n) != into.size()) [[unlikely]]
    return judge_read(file, n, into.size(), at, came);
  file.attempts.hit();
  return n;
}
[[nodiscard]] std::int32_t write_inline(driver& io, descriptor& file,
                                        std::span<const std::byte> from, std::uint64_t at) noexcept;

}  // namespace carousel::detail
