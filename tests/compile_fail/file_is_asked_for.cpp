#include <cstdint>
#include <utility>

#include "call_answers.hpp"

// error: an operation has a member `file`, an fd_ref, exactly when

struct call : call_functions, call_answers {
#ifdef CAROUSEL_EXPECT_FAILURE
  carousel::detail::fd_ref file;
#endif
};

auto use(call c) { return ext::operation(std::move(c)); }
