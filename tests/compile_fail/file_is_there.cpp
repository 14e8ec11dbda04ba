#include <cstdint>
#include <utility>

#include "call_answers.hpp"

// error: an operation has a member `file`, an fd_ref, exactly when

struct call : call_functions,
              says_what_it_lends,
              says_what_becomes_of_results,
              says_how_often_it_completes,
              says_when_it_begins {
  using holds = ext::holds_a_file;
#ifndef CAROUSEL_EXPECT_FAILURE
  carousel::detail::fd_ref file;
#endif
};

auto use(call c) { return ext::operation(std::move(c)); }
