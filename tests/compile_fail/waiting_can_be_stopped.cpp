#include <utility>

#include "call_answers.hpp"

// error: an operation has must_wait() noexcept and stop_waiting() noexcept exactly

struct call : call_functions, call_answers {
#ifdef CAROUSEL_EXPECT_FAILURE
  using begins = ext::begins_when_free;
#endif
};

auto use(call c) { return ext::operation(std::move(c)); }
