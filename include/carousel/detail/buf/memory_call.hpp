#pragma once

#include <cstdint>
#include <utility>

#include "carousel/detail/driver/failure_note.hpp"
#include "carousel/detail/driver/operation.hpp"

namespace carousel::detail {

/// An operation on pages of this process that neither reads nor writes what they hold, so that
/// nothing is lent.
struct memory_call {
  request req;

  using resources = nothing;
  using output = result<>;
  using lends = ext::lends_nothing;
  using unclaimed = ext::result_owns_nothing;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_no_file;
  resources held{};

  [[nodiscard]] failure_code check(const driver& io) const noexcept {
    return io.supports(req.code) ? 0 : failure(errc::not_supported);
  }
  void encode(driver&, slot&, request& r) const noexcept { r = req; }

  output complete(std::int32_t res, nothing&, slot&) const noexcept {
    if (res < 0) return fail(kernel_error(res), nothing{});
    return {};
  }
  output fail(std::error_code error, nothing&&) const noexcept {
    return std::unexpected(note_failure(error, req.code, nullptr));
  }
};

}  // namespace carousel::detail
