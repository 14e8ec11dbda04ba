#include <cstddef>
#include <cstdint>
#include <utility>

#include "call_answers.hpp"

// error: an operation has complete_early(), and resources to share, exactly when

struct call : call_functions, call_answers {
#ifdef CAROUSEL_EXPECT_FAILURE
  static output complete_early(std::int32_t res, int&) { return res; }
#endif
};

auto use(call c) { return ext::operation(std::move(c)); }
