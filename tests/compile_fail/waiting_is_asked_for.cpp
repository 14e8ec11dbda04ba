#include <cstddef>
#include <cstdint>
#include <utility>

#include "call_answers.hpp"

// error: an operation has must_wait() noexcept and stop_waiting() noexcept exactly

struct call : call_functions, call_answers {
#ifdef CAROUSEL_EXPECT_FAILURE
  static bool must_wait(ext::operation<call>&) noexcept { return true; }
#endif
};

auto use(call c) { return ext::operation(std::move(c)); }
