#include "carousel/sync/futex.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

namespace carousel {
namespace detail {
namespace {

constexpr std::int32_t futex_u32 = 2;
constexpr std::int32_t futex_private = 128;
/// Every waker is for every waiter.
constexpr std::uint64_t all_bits = std::numeric_limits<std::uint32_t>::max();

[[nodiscard]] failure_code refusal(const driver& io, opcode code) noexcept {
  return io.supports(code) ? 0 : failure(errc::not_supported);
}

void encode_futex(request& r, opcode code, const futex_word& of, std::uint32_t value) noexcept {
  r.code = code;
  r.fd = of.flags;
  r.address = of.address;
  r.offset = value;
  r.address3 = all_bits;
}

[[nodiscard]] futex_word word_of(const std::atomic<std::uint32_t>& word,
                                 futex_scope scope) noexcept {
  static_assert(sizeof word == sizeof(std::uint32_t) &&
                std::atomic<std::uint32_t>::is_always_lock_free);
  return {.address = reinterpret_cast<std::uintptr_t>(&word),
          .flags = scope == futex_scope::process_private ? futex_u32 | futex_private : futex_u32};
}

/// As the kernel counts.
[[nodiscard]] std::uint32_t countable(std::uint32_t at_most) noexcept {
  return std::min<std::uint32_t>(at_most, std::numeric_limits<std::int32_t>::max());
}

/// The word may be gone. The kernel looks for those who wait there by the address alone, or finds
/// that there is no memory.
void wake_now(const futex_word& at, std::uint32_t at_most) noexcept {
  const int how = FUTEX_WAKE | ((at.flags & futex_private) != 0 ? FUTEX_PRIVATE_FLAG : 0);
  (void)::syscall(SYS_futex, at.address, how, countable(at_most), nullptr, nullptr, 0);
}

}  // namespace

void futex_wait_call::unclaimed::discard(std::int32_t res, const futex_word& of) noexcept {
  if (res >= 0) wake_now(of, 1);
}

void futex_wake_debt::pay() const noexcept { wake_now(where_, at_most_); }

failure_code futex_wait_call::check(const driver& io) noexcept {
  return refusal(io, opcode::futex_wait);
}

void futex_wait_call::encode(driver&, slot&, request& r) const noexcept {
  encode_futex(r, opcode::futex_wait, held, expected);
}

result<> futex_wait_call::complete(std::int32_t res, futex_word&, slot&) noexcept {
  if (res < 0) return fail(kernel_error(res), {});
  return {};
}

result<> futex_wait_call::fail(std::error_code error, futex_word&&) noexcept {
  return std::unexpected(error);
}

failure_code futex_wake_call::check(const driver& io) noexcept {
  return refusal(io, opcode::futex_wake);
}

void futex_wake_call::encode(driver&, slot&, request& r) const noexcept {
  encode_futex(r, opcode::futex_wake, held.where(), countable(held.at_most()));
}

result<std::size_t> futex_wake_call::complete(std::int32_t res, futex_wake_debt& of,
                                              slot& s) noexcept {
  unclaimed::discard(s.state == slot_state::withdrawn ? -ECANCELED : res, of);
  if (res < 0) return std::unexpected(kernel_error(res));
  return static_cast<std::size_t>(res);
}

result<std::size_t> futex_wake_call::fail(std::error_code error, futex_wake_debt&&) noexcept {
  return std::unexpected(error);
}

}  // namespace detail

futex_wait_operation futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                                futex_scope scope) noexcept {
  return futex_wait_operation({expected, detail::word_of(word, scope)});
}

futex_wake_operation futex_wake(const std::atomic<std::uint32_t>& word, std::uint32_t at_most,
                                futex_scope scope) noexcept {
  return futex_wake_operation({.held = {detail::word_of(word, scope), at_most}});
}

}  // namespace carousel
