#include "carousel/detail/loop/boottime_sleep.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <new>

namespace carousel::detail {
namespace {

constexpr std::uint32_t timeout_abs = 1U << 0U;       // IORING_TIMEOUT_ABS, Linux 5.4
constexpr std::uint32_t timeout_boottime = 1U << 2U;  // IORING_TIMEOUT_BOOTTIME, Linux 5.15

/// struct __kernel_timespec
struct kernel_time {
  std::int64_t seconds;
  std::int64_t nanoseconds;
};

}  // namespace

void boottime_sleep::encode(driver& io, slot& s, request& r) const {
  const auto since_boot = std::max(until, std::chrono::nanoseconds::zero());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_boot);
  const auto* const at = new (io.side_block(s, sizeof(kernel_time)))
      kernel_time{.seconds = seconds.count(), .nanoseconds = (since_boot - seconds).count()};
  r.code = opcode::timeout;
  r.fd = -1;
  r.address = reinterpret_cast<std::uintptr_t>(at);
  r.length = 1;
  r.op_flags = timeout_abs | timeout_boottime;
}

boottime_sleep::output boottime_sleep::complete(std::int32_t res, nothing&, slot&) noexcept {
  if (res == 0 || res == -ETIME) return {};
  if (res == -EINVAL) return std::unexpected(make_error_code(errc::not_supported));  // before 5.15
  return std::unexpected(kernel_error(res));
}

}  // namespace carousel::detail
