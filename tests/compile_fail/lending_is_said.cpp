#include <utility>

#include "call_functions.hpp"

// error: an operation type says what it lends the kernel

struct call : call_functions {
#ifdef CAROUSEL_EXPECT_FAILURE
  using lent = ext::lends_nothing;  // misspelt: poisoning and reports would be off
#else
  using lends = ext::lends_nothing;
#endif
  using unclaimed = ext::result_owns_nothing;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_no_file;
};

auto use(call c) { return ext::operation(std::move(c)); }
