#include <cstdint>
#include <system_error>
#include <utility>

#include "call_answers.hpp"

// error: the resources of an operation move without throwing

struct text {
#ifdef CAROUSEL_EXPECT_FAILURE
  text(text&&) noexcept(false);
#else
  text(text&&) noexcept;
#endif
};

struct call : call_answers {
  using resources = text;
  using output = int;
  resources held;

  ext::failure_code check(const ext::driver&) const noexcept { return 0; }
  void encode(ext::driver&, ext::slot&, ext::request&) const noexcept {}
  static output complete(std::int32_t res, resources&, ext::slot&) noexcept { return res; }
  static output fail(std::error_code, resources&&) noexcept { return -1; }
};

auto use(call c) { return ext::operation(std::move(c)); }
