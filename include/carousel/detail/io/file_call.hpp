#pragma once

#include <cstdint>
#include <utility>

#include "carousel/detail/driver/failure_note.hpp"
#include "carousel/detail/driver/operation.hpp"

namespace carousel::detail {

/// An operation on an open file or socket that moves no data: fsync, fallocate, fadvise, ftruncate,
/// shutdown.
struct file_call : file_operation {
  request req;

  using resources = nothing;
  using output = result<>;
  using lends = ext::lends_nothing;
  using unclaimed = ext::result_owns_nothing;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_a_file;
  resources held{};

  [[nodiscard]] failure_code check(const driver& io) const noexcept {
    if (const failure_code error = check_file(io)) return error;
    return static_cast<std::int64_t>(req.offset) < 0 ? failure(std::errc::invalid_argument) : 0;
  }
  void encode(driver& io, slot&, request& r) const noexcept {
    r = req;
    name_file(io, r);
  }

  output complete(std::int32_t res, nothing&, slot&) const noexcept {
    if (res < 0) return fail(kernel_error(res), nothing{});
    return {};
  }
  output fail(std::error_code error, nothing&&) const noexcept {
    return std::unexpected(note_failure(error, req.code, file.get()));
  }
};

[[nodiscard]] inline operation<file_call> call_on(fd_ref file, const request& req) noexcept {
  return operation(file_call{{std::move(file)}, req});
}

}  // namespace carousel::detail
