#pragma once

#include <carousel/carousel.hpp>

namespace bench {

/// An operation that does nothing in the kernel: what is left is the cost of the runtime.
struct nop_call {
  using resources = carousel::detail::nothing;
  using output = carousel::result<>;
  resources held;

  [[nodiscard]] static carousel::detail::failure_code check(
      const carousel::detail::driver&) noexcept {
    return 0;
  }
  static void encode(const carousel::detail::driver&, carousel::detail::slot&,
                     carousel::detail::request& r) noexcept {
    r.code = carousel::detail::opcode::nop;
  }
  static output complete(std::int32_t res, resources&, carousel::detail::slot&) noexcept {
    return carousel::detail::file_call::of(res);
  }
  static output fail(std::error_code error, resources&&) noexcept { return std::unexpected(error); }
  static void discard(std::int32_t, resources&) noexcept {}
};

inline auto nop() { return carousel::detail::operation(nop_call{}); }

}  // namespace bench
