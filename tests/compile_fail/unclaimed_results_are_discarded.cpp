#include <utility>

#include "call_answers.hpp"

// error: an operation type says what becomes of a result that nobody takes

struct call : call_functions,
              says_what_it_lends,
              says_how_often_it_completes,
              says_when_it_begins,
              says_what_it_holds {
#ifdef CAROUSEL_EXPECT_FAILURE
  static void discard(std::int32_t, ext::nothing&) noexcept {}  // nothing would call it
#else
  using unclaimed = ext::result_owns_nothing;
#endif
};

auto use(call c) { return ext::operation(std::move(c)); }
