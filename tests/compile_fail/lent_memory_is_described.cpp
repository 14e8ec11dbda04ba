#include <utility>

#include "call_functions.hpp"

// error: `lends` is ext::lends_nothing, or has lend(), unlend(), describe() and quarantine()

struct call : call_functions {
#ifdef CAROUSEL_EXPECT_FAILURE
  struct lends {// the quarantine would not hear of it
    static void lend(const ext::nothing&) noexcept {}
    static void unlend(const ext::nothing&) noexcept {}
    static void describe(const ext::nothing&, std::FILE*) {}
  };
#else
  using lends = ext::lends_nothing;
#endif
  using unclaimed = ext::result_owns_nothing;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_no_file;
};

auto use(call c) { return ext::operation(std::move(c)); }
