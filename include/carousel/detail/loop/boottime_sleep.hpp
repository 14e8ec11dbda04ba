#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

#include "carousel/detail/driver/operation.hpp"

namespace carousel::detail {

/// A timeout in the kernel: only that knows the time which the machine has slept. It is one for
/// each who sleeps, where those of the steady clock have one in common.
struct boottime_sleep {
  std::chrono::nanoseconds until;  ///< since the machine was started

  using resources = nothing;
  using output = result<>;
  using lends = ext::lends_nothing;
  using unclaimed = ext::result_owns_nothing;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_no_file;
  resources held;

  [[nodiscard]] failure_code check(const driver& io) const noexcept {
    return io.supports(opcode::timeout) ? 0 : failure(errc::not_supported);
  }
  void encode(driver& io, slot& s, request& r) const;
  static output complete(std::int32_t res, nothing&, slot&) noexcept;
  static output fail(std::error_code error, nothing&&) noexcept { return std::unexpected(error); }
};

}  // namespace carousel::detail
