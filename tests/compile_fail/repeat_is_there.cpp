#include <cstdint>
#include <utility>

#include "call_answers.hpp"

// error: an operation has repeat() noexcept exactly when its `completions` are

struct call : call_functions, call_answers {
  using completions = ext::repeated_until_done;

#ifdef CAROUSEL_EXPECT_FAILURE
  static bool repeats(std::int32_t) noexcept { return false; }
#else
  static bool repeat(std::int32_t) noexcept { return false; }
#endif
};

auto use(call c) { return ext::operation(std::move(c)); }
