#pragma once

#include <poll.h>

#include <cstdint>
#include <utility>

#include "carousel/detail/driver/operation.hpp"

namespace carousel::detail {

/// Waits until an open file has something to read, and takes nothing of it: whoever stops waiting,
/// or is destroyed, has lost nothing.
struct poll_call : file_operation {
  using resources = nothing;
  using output = result<>;
  using lends = ext::lends_nothing;
  using unclaimed = ext::result_owns_nothing;
  resources held;

  [[nodiscard]] failure_code check(const driver& io) const noexcept { return check_file(io); }
  void encode(driver& io, slot&, request& r) const noexcept {
    r.code = opcode::poll_add;
    r.op_flags = POLLIN;
    name_file(io, r);
  }
  static output complete(std::int32_t res, nothing&, slot&) noexcept {
    if (res < 0) return std::unexpected(kernel_error(res));
    return {};
  }
  static output fail(std::error_code error, nothing&&) noexcept { return std::unexpected(error); }
};

[[nodiscard]] inline operation<poll_call> until_readable(file_operation of) noexcept {
  return operation(poll_call{std::move(of), {}});
}

}  // namespace carousel::detail
