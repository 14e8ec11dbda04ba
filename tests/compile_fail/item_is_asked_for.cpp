#include <cstddef>
#include <cstdint>
#include <utility>

#include "call_answers.hpp"

// error: an operation has item() noexcept exactly when

struct call : call_functions, call_answers {
#ifdef CAROUSEL_EXPECT_FAILURE
  static void item(auto, auto) noexcept {}  // a template is found too
#endif
};

auto use(call c) { return ext::operation(std::move(c)); }
