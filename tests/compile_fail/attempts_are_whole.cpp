#include <cstdint>
#include <utility>

#include "call_answers.hpp"

// error: an operation has may_attempt() noexcept, attempt() noexcept and complete_attempt() exactly

struct call : call_functions, call_answers {
  using begins = ext::begins_inline;

#ifdef CAROUSEL_EXPECT_FAILURE
  static bool may_atempt(bool) noexcept { return true; }
#else
  static bool may_attempt(bool) noexcept { return true; }
#endif
  static std::int32_t attempt(ext::driver&) noexcept { return ext::not_attempted; }
  static output complete_attempt(std::int32_t res, resources&) noexcept { return res; }
};

auto use(call c) { return ext::operation(std::move(c)); }
