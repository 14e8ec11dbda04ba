#include <cstddef>
#include <cstdint>
#include <utility>

#include "call_answers.hpp"

// error: an operation has item() noexcept exactly when

struct call : call_functions, call_answers {
#ifdef CAROUSEL_EXPECT_FAILURE
  static void item(std::int32_t, std::uint32_t) {}
#endif
};

auto use(call c) { return ext::operation(std::move(c)); }
