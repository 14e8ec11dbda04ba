#include <utility>

#include "call_answers.hpp"

// error: `lends` is ext::lends_nothing, or has lend(), unlend(), describe() and quarantine()

struct call : call_functions, call_answers {
#ifdef CAROUSEL_EXPECT_FAILURE
  struct lends {  // the quarantine would not hear of it
    static void lend(const ext::nothing&) noexcept {}
    static void unlend(const ext::nothing&) noexcept {}
    static void describe(const ext::nothing&, std::FILE*) {}
  };
#endif
};

auto use(call c) { return ext::operation(std::move(c)); }
