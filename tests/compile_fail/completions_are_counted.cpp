#include <utility>

#include "call_answers.hpp"

// error: an operation type says how often the kernel answers

struct call : call_functions,
              says_what_it_lends,
              says_what_becomes_of_results,
              says_when_it_begins,
              says_what_it_holds {
#ifdef CAROUSEL_EXPECT_FAILURE
  using completion = ext::one_completion;
#else
  using completions = ext::one_completion;
#endif
};

auto use(call c) { return ext::operation(std::move(c)); }
