#pragma once

#include <carousel/carousel.hpp>
#include <carousel/ext/operation.hpp>
#include <cstdint>

namespace bench {

namespace ext = carousel::ext;

/// An operation that does nothing in the kernel: what is left is the cost of the runtime.
struct nop_call {
  using resources = ext::nothing;
  using output = carousel::result<>;
  using lends = ext::lends_nothing;
  using unclaimed = ext::result_owns_nothing;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_no_file;
  resources held;

  [[nodiscard]] static ext::failure_code check(const ext::driver&) noexcept { return 0; }
  static void encode(const ext::driver&, ext::slot&, ext::request& r) noexcept {
    r.code = ext::opcode::nop;
  }
  static output complete(std::int32_t res, resources&, ext::slot&) noexcept {
    if (res < 0) return std::unexpected(ext::kernel_error(res));
    return {};
  }
  static output fail(std::error_code error, resources&&) noexcept { return std::unexpected(error); }
};

inline auto nop() { return ext::operation(nop_call{}); }

/// `count` NOPs by so many tasks of the runtime that awaits it.
carousel::task<> nops(std::uint64_t count, unsigned tasks);

}  // namespace bench
