#include <utility>

#include "call_functions.hpp"

// error: an operation type says how often the kernel answers

struct call : call_functions {
  using lends = ext::lends_nothing;
  using unclaimed = ext::result_owns_nothing;
#ifdef CAROUSEL_EXPECT_FAILURE
  using completion = ext::one_completion;
#else
  using completions = ext::one_completion;
#endif
  using begins = ext::begins_at_once;
  using holds = ext::holds_no_file;
};

auto use(call c) { return ext::operation(std::move(c)); }
