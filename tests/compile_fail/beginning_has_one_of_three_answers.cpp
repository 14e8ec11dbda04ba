#include <utility>

#include "call_functions.hpp"

// error: an operation type says when it begins

struct call : call_functions {
  using lends = ext::lends_nothing;
  using unclaimed = ext::result_owns_nothing;
  using completions = ext::one_completion;
#ifdef CAROUSEL_EXPECT_FAILURE
  using begins = ext::one_completion;
#else
  using begins = ext::begins_at_once;
#endif
  using holds = ext::holds_no_file;
};

auto use(call c) { return ext::operation(std::move(c)); }
