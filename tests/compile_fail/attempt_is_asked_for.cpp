#include <cstddef>
#include <cstdint>
#include <utility>

#include "call_answers.hpp"

// error: an operation has may_attempt() noexcept, attempt() noexcept and complete_attempt() exactly

struct call : call_functions, call_answers {
#ifdef CAROUSEL_EXPECT_FAILURE
  static bool may_attempt(bool) noexcept { return true; }
#endif
};

auto use(call c) { return ext::operation(std::move(c)); }
