#pragma once

#include <poll.h>

#include <cstdint>
#include <utility>

#include "carousel/detail/driver/failure_note.hpp"
#include "carousel/detail/driver/operation.hpp"

namespace carousel::detail {

/// A poll for input, small because each connection that waits has one.
struct readable_call : file_operation {
  using resources = nothing;
  using output = result<>;
  using lends = ext::lends_nothing;
  using unclaimed = ext::result_owns_nothing;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_a_file;
  [[no_unique_address]] resources held{};

  [[nodiscard]] failure_code check(const driver& io) const noexcept { return check_file(io); }
  void encode(driver& io, slot&, request& r) const noexcept {
    r.code = opcode::poll_add;
    r.op_flags = POLLIN;
    name_file(io, r);
  }
  output complete(std::int32_t res, nothing&, slot&) const noexcept {
    if (res < 0) return fail(kernel_error(res), nothing{});
    return {};
  }
  output fail(std::error_code error, nothing&&) const noexcept {
    return std::unexpected(note_failure(error, opcode::poll_add, file.get()));
  }
};

/// Waits until there is something to read, be it the end or an error, and takes nothing of it:
/// whoever stops waiting, or is destroyed, has lost nothing.
[[nodiscard]] inline operation<readable_call> until_readable(file_operation of) noexcept {
  return operation(readable_call{std::move(of)});
}

}  // namespace carousel::detail
