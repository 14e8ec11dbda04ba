#include <carousel/carousel.hpp>
#include <carousel/ext/operation.hpp>

#include <cstdint>
#include <utility>

// error: an operation has item() exactly when its `completions` are ext::many_completions

namespace ext = carousel::ext;

struct call {
  using resources = ext::nothing;
  using output = int;
  using lends = ext::lends_nothing;
  using unclaimed = ext::result_owns_nothing;
#ifdef CAROUSEL_EXPECT_FAILURE
  using completions = ext::many_completions;  // and nobody takes them
#else
  using completions = ext::one_completion;
#endif
  using begins = ext::begins_at_once;
  using holds = ext::holds_no_file;
  resources held;

  ext::failure_code check(const ext::driver&) const noexcept { return 0; }
  void encode(ext::driver&, ext::slot&, ext::request&) const noexcept {}
  static output complete(std::int32_t res, resources&, ext::slot&) noexcept { return res; }
  static output fail(std::error_code, resources&&) noexcept { return -1; }
};

auto use(call c) { return ext::operation(std::move(c)); }
