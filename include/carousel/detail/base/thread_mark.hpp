#pragma once

#include "carousel/config.hpp"

namespace carousel::detail {

/// Its address names the thread; cheaper to compare than a thread's id.
CAROUSEL_ONE_PER_PROCESS inline constinit thread_local char thread_mark = 0;

}  // namespace carousel::detail
