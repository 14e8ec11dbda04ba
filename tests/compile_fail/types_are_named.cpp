#include <cstdint>
#include <system_error>
#include <utility>

#include "call_answers.hpp"

// error: an operation type names its `resources` and its `output`

struct call : call_answers {
  using resources = ext::nothing;
#ifdef CAROUSEL_EXPECT_FAILURE
  using result = int;
#else
  using output = int;
#endif
  resources held;

  ext::failure_code check(const ext::driver&) const noexcept { return 0; }
  void encode(ext::driver&, ext::slot&, ext::request&) const noexcept {}
  static int complete(std::int32_t res, resources&, ext::slot&) noexcept { return res; }
  static int fail(std::error_code, resources&&) noexcept { return -1; }
};

auto use(call c) { return ext::operation(std::move(c)); }
