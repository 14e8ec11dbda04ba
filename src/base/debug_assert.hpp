#pragma once

#include "base/sanitizers.hpp"
#include "carousel/detail/base/assert.hpp"

// For what must hold at each step of each operation, where the check would cost as much as the
// step: on in a debug build of the library and under AddressSanitizer, in which the random tasks
// run. Not for headers of the public tree: those mean the same in every program.

#if defined(NDEBUG) && !defined(CAROUSEL_ADDRESS_SANITIZER)
#define CAROUSEL_DEBUG_ASSERT(condition, sentence) static_cast<void>(sizeof((condition) ? 1 : 0))
#else
#define CAROUSEL_DEBUG_ASSERT(condition, sentence) CAROUSEL_ASSERT(condition, sentence)
#endif
