#include <cstdint>
#include <utility>

#include "call_functions.hpp"

// error: `unclaimed` is ext::result_owns_nothing, or has a noexcept discard

struct closing {
#ifdef CAROUSEL_EXPECT_FAILURE
  static void discard(std::int32_t, ext::nothing&) {}
#else
  static void discard(std::int32_t, ext::nothing&) noexcept {}
#endif
};

struct call : call_functions {
  using lends = ext::lends_nothing;
  using unclaimed = closing;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_no_file;
};

auto use(call c) { return ext::operation(std::move(c)); }
