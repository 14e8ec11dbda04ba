#include <utility>

#include "call_answers.hpp"

// error: an operation has item() noexcept exactly when its `completions` are ext::many_completions

struct call : call_functions, call_answers {
#ifdef CAROUSEL_EXPECT_FAILURE
  using completions = ext::many_completions;  // and nobody takes them
#endif
};

auto use(call c) { return ext::operation(std::move(c)); }
