#pragma once

#include <cstdint>

#include "carousel/config.hpp"

// Programmer errors stop the process with a sentence, in every build type: a misuse that goes on
// would let the kernel write into memory that is somebody else's.

namespace carousel::detail {

[[noreturn]] void assertion_failed(const char* condition, const char* sentence, const char* file,
                                   int line) noexcept;
[[noreturn]] void number_too_large(std::uint64_t value, std::uint64_t most, const char* condition,
                                   const char* sentence, const char* file, int line) noexcept;

}  // namespace carousel::detail

#if defined(CAROUSEL_UNCHECKED)
// Only to measure what the checks cost: never ship it.
#define CAROUSEL_ASSERT(condition, sentence) static_cast<void>(sizeof((condition) ? 1 : 0))
#define CAROUSEL_ASSERT_AT_MOST(value, most, sentence) CAROUSEL_ASSERT((value) <= (most), sentence)
#else
#define CAROUSEL_ASSERT(condition, sentence) \
  ((condition) ? void(0)                     \
               : ::carousel::detail::assertion_failed(#condition, sentence, __FILE__, __LINE__))
/// Of two unsigned numbers, which are told after the sentence.
#define CAROUSEL_ASSERT_AT_MOST(value, most, sentence)                                        \
  ((value) <= (most) ? void(0)                                                                \
                     : ::carousel::detail::number_too_large(value, most, #value " <= " #most, \
                                                            sentence, __FILE__, __LINE__))
#endif
