#include <utility>

#include "call_functions.hpp"

// error: an operation has item() noexcept exactly when its `completions` are ext::many_completions

struct call : call_functions {
  using lends = ext::lends_nothing;
  using unclaimed = ext::result_owns_nothing;
#ifdef CAROUSEL_EXPECT_FAILURE
  using completions = ext::many_completions;  // and nobody takes them
#else
  using completions = ext::one_completion;
#endif
  using begins = ext::begins_at_once;
  using holds = ext::holds_no_file;
};

auto use(call c) { return ext::operation(std::move(c)); }
