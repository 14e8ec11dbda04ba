#include <cstddef>
#include <utility>

#include "call_answers.hpp"

// error: `links` of an operation is ext::links_nothing, ext::links_on_success, or

struct call : call_functions, call_answers {
  using links = ext::links_when_whole;
#ifndef CAROUSEL_EXPECT_FAILURE
  [[nodiscard]] static std::size_t bytes_wanted() noexcept { return 1; }
#endif
};

auto use(call c) { return ext::operation(std::move(c)); }
