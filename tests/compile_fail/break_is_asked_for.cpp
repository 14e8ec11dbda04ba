#include <cstddef>
#include <cstdint>
#include <utility>

#include "call_answers.hpp"

// error: an operation has asked() noexcept and break_seen() noexcept exactly when it

struct call : call_functions, call_answers {
#ifdef CAROUSEL_EXPECT_FAILURE
  static std::size_t asked() noexcept { return 1; }
#endif
};

auto use(call c) { return ext::operation(std::move(c)); }
