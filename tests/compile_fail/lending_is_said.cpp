#include <utility>

#include "call_answers.hpp"

// error: an operation type says what it lends the kernel

struct call : call_functions,
              says_what_becomes_of_results,
              says_how_often_it_completes,
              says_when_it_begins,
              says_what_it_holds {
#ifdef CAROUSEL_EXPECT_FAILURE
  using lent = ext::lends_nothing;  // misspelt: poisoning and reports would be off
#else
  using lends = ext::lends_nothing;
#endif
};

auto use(call c) { return ext::operation(std::move(c)); }
