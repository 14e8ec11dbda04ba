#pragma once

#include <algorithm>

#include "carousel/runtime.hpp"

namespace carousel::tool {

/// Smaller rings for small RLIMIT_MEMLOCKs: since Linux 6.14 the ring itself counts.
inline result<runtime> make_runtime(unsigned entries = runtime_options().entries) {
  auto made = runtime::make({.entries = entries});
  for (entries = std::min(entries / 2, 64U);
       !made && made.error() == errc::memlock_limit && entries > 4; entries /= 2) {
    made = runtime::make({.entries = entries});
  }
  return made;
}

}  // namespace carousel::tool
