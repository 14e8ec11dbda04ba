#include <cstdint>
#include <utility>

#include "call_answers.hpp"

// error: an operation type says whether it keeps a file open

struct call : call_functions,
              ext::file_operation,
              says_what_it_lends,
              says_what_becomes_of_results,
              says_how_often_it_completes,
              says_when_it_begins {
#ifndef CAROUSEL_EXPECT_FAILURE
  using holds = ext::holds_a_file;
#endif
};

auto use(call c) { return ext::operation(std::move(c)); }
