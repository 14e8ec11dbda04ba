#pragma once

#include "base/sanitizers.hpp"
#include "carousel/detail/base/assert.hpp"

// Assertions where state changes: a sentence with the numbers that are wrong, as printf(3) takes
// them. CAROUSEL_ASSERT_STATE stays on in release. CAROUSEL_DEBUG_ASSERT is for what must hold at
// each step of each operation, where the check would cost as much as the step: it is on in a debug
// build of the library and under AddressSanitizer, in which the random tasks run. Not for headers
// of the public tree, which mean the same in every program.

namespace carousel::detail {

[[noreturn, gnu::format(printf, 4, 5)]] void wrong_state(const char* condition, const char* file,
                                                         int line, const char* sentence,
                                                         ...) noexcept;

/// Of a result: "EFAULT" for -EFAULT, and nothing for what is no error.
[[nodiscard]] const char* errno_name(int result) noexcept;

}  // namespace carousel::detail

#if defined(CAROUSEL_UNCHECKED)
#define CAROUSEL_ASSERT_STATE(condition, ...) static_cast<void>(sizeof((condition) ? 1 : 0))
#else
#define CAROUSEL_ASSERT_STATE(condition, ...) \
  ((condition) ? void(0)                      \
               : ::carousel::detail::wrong_state(#condition, __FILE__, __LINE__, __VA_ARGS__))
#endif

#if defined(NDEBUG) && !defined(CAROUSEL_ADDRESS_SANITIZER)
#define CAROUSEL_DEBUG_ASSERT(condition, ...) static_cast<void>(sizeof((condition) ? 1 : 0))
#else
#define CAROUSEL_DEBUG_ASSERT(condition, ...) CAROUSEL_ASSERT_STATE(condition, __VA_ARGS__)
#endif
