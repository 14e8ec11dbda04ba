#include <cstdint>
#include <utility>

#include "call_answers.hpp"

// error: an operation has complete_early(), and resources to share, exactly when its

struct call : call_functions, call_answers {
  using completions = ext::result_before_release;

#ifdef CAROUSEL_EXPECT_FAILURE
  static output complete_erly(std::int32_t res, resources&) noexcept { return res; }
#else
  static output complete_early(std::int32_t res, resources&) noexcept { return res; }
#endif
};

auto use(call c) { return ext::operation(std::move(c)); }
