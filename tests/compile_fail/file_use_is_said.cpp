#include <carousel/carousel.hpp>
#include <carousel/ext/operation.hpp>

#include <cstdint>
#include <utility>

// error: an operation type says whether it keeps a file open

namespace ext = carousel::ext;

struct call {
  using resources = ext::nothing;
  using output = int;
  using lends = ext::lends_nothing;
  using unclaimed = ext::result_owns_nothing;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
#ifdef CAROUSEL_EXPECT_FAILURE
#else
  using holds = ext::holds_no_file;
#endif
  resources held;

  ext::failure_code check(const ext::driver&) const noexcept { return 0; }
  void encode(ext::driver&, ext::slot&, ext::request&) const noexcept {}
  static output complete(std::int32_t res, resources&, ext::slot&) noexcept { return res; }
  static output fail(std::error_code, resources&&) noexcept { return -1; }
};

auto use(call c) { return ext::operation(std::move(c)); }
