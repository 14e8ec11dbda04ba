#include <utility>

#include "call_answers.hpp"

// error: an operation type says when it begins

struct call : call_functions,
              says_what_it_lends,
              says_what_becomes_of_results,
              says_how_often_it_completes,
              says_what_it_holds {
#ifdef CAROUSEL_EXPECT_FAILURE
  using begin = ext::begins_at_once;
#else
  using begins = ext::begins_at_once;
#endif
};

auto use(call c) { return ext::operation(std::move(c)); }
