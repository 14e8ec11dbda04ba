#include <cstdint>
#include <utility>

#include "call_answers.hpp"

// error: `unclaimed` is ext::result_owns_nothing, or has a noexcept discard

struct closing {
#ifdef CAROUSEL_EXPECT_FAILURE
  static void discard(std::int32_t, ext::nothing&) {}
#else
  static void discard(std::int32_t, ext::nothing&) noexcept {}
#endif
};

struct call : call_functions, call_answers {
  using unclaimed = closing;
};

auto use(call c) { return ext::operation(std::move(c)); }
