#include <cstdint>
#include <system_error>
#include <utility>

#include "call_answers.hpp"

// error: an operation type has `held`, check() noexcept, encode(), complete() and fail() noexcept

struct call : call_answers {
  using resources = ext::nothing;
  using output = int;
  resources held;

  ext::failure_code check(const ext::driver&) const noexcept { return 0; }
  void encode(ext::driver&, ext::slot&, ext::request&) const noexcept {}
  static output complete(std::int32_t res, resources&, ext::slot&) noexcept { return res; }
#ifdef CAROUSEL_EXPECT_FAILURE
  static output fail(std::error_code, resources&&) { return -1; }
#else
  static output fail(std::error_code, resources&&) noexcept { return -1; }
#endif
};

auto use(call c) { return ext::operation(std::move(c)); }
