#include <utility>

#include "call_functions.hpp"

// error: an operation type says whether it keeps a file open

struct call : call_functions {
  using lends = ext::lends_nothing;
  using unclaimed = ext::result_owns_nothing;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
#ifndef CAROUSEL_EXPECT_FAILURE
  using holds = ext::holds_no_file;
#endif
};

auto use(call c) { return ext::operation(std::move(c)); }
