#pragma once

#include "carousel/config.hpp"

namespace carousel::detail {

/// How many forks lie between this process and the one that was started: a child of fork() sees a
/// larger number than what it inherited remembers. A ring belongs to the process that made it: a
/// child that used it would submit into its parent's ring, and its memory is not even mapped there.
/// clone() without the C library's fork() is not noticed.
CAROUSEL_ONE_PER_PROCESS inline constinit unsigned forks = 0;

/// From now on `forks` is kept, and a child of fork() has no current runtime. Called by everything
/// that makes a ring.
void watch_forks() noexcept;

inline constexpr const char* inherited_sentence =
    "a runtime cannot be used in a child of fork(): make one there, or fork before";

}  // namespace carousel::detail
