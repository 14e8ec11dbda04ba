#pragma once

#include "call_functions.hpp"

/// What an operation type says of itself, each answer for itself: a test takes them all and gives
/// another one instead, or leaves out the one that it is about.
struct says_what_it_lends {
  using lends = ext::lends_nothing;
};
struct says_what_becomes_of_results {
  using unclaimed = ext::result_owns_nothing;
};
struct says_how_often_it_completes {
  using completions = ext::one_completion;
};
struct says_when_it_begins {
  using begins = ext::begins_at_once;
};
struct says_what_it_holds {
  using holds = ext::holds_no_file;
};

struct call_answers : says_what_it_lends,
                      says_what_becomes_of_results,
                      says_how_often_it_completes,
                      says_when_it_begins,
                      says_what_it_holds {};
