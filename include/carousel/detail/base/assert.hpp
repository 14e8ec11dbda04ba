#pragma once

#include "carousel/config.hpp"

// Programmer errors stop the process with a sentence, in every build type: a misuse that goes on
// would let the kernel write into memory that is somebody else's.

namespace carousel::detail {

[[noreturn]] void assertion_failed(const char* condition, const char* sentence, const char* file,
                                   int line) noexcept;

}  // namespace carousel::detail

#if defined(CAROUSEL_UNCHECKED)
// Only to measure what the checks cost: never ship it.
#define CAROUSEL_ASSERT(condition, sentence) static_cast<void>(sizeof((condition) ? 1 : 0))
#else
#define CAROUSEL_ASSERT(condition, sentence) \
  ((condition) ? void(0)                     \
               : ::carousel::detail::assertion_failed(#condition, sentence, __FILE__, __LINE__))
#endif
