#include <cstddef>
#include <cstdint>
#include <utility>

#include "call_functions.hpp"

// error: an operation has asked() noexcept and break_seen() noexcept exactly when it `holds`

struct call : call_functions {
  using lends = ext::lends_nothing;
  using unclaimed = ext::result_owns_nothing;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_a_connection;
  carousel::detail::fd_ref file;

  static std::size_t asked() noexcept { return 0; }
#ifdef CAROUSEL_EXPECT_FAILURE
  static void break_sen(ext::descriptor&, std::size_t, std::int32_t) noexcept {}
#else
  static void break_seen(ext::descriptor&, std::size_t, std::int32_t) noexcept {}
#endif
};

auto use(call c) { return ext::operation(std::move(c)); }
