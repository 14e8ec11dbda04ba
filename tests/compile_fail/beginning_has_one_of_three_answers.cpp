#include <utility>

#include "call_answers.hpp"

// error: an operation type says when it begins

struct call : call_functions, call_answers {
#ifdef CAROUSEL_EXPECT_FAILURE
  using begins = ext::one_completion;
#endif
};

auto use(call c) { return ext::operation(std::move(c)); }
