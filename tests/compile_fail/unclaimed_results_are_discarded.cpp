#include <utility>

#include "call_functions.hpp"

// error: an operation type says what becomes of a result that nobody takes

struct call : call_functions {
  using lends = ext::lends_nothing;
#ifdef CAROUSEL_EXPECT_FAILURE
  static void discard(std::int32_t, ext::nothing&) noexcept {}  // nothing would call it
#else
  using unclaimed = ext::result_owns_nothing;
#endif
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_no_file;
};

auto use(call c) { return ext::operation(std::move(c)); }
