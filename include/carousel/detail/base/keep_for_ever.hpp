#pragma once

#include "carousel/config.hpp"

namespace carousel::detail {

/// Leaks an object on purpose, for the kernel may write into what it owns. The object stays
/// reachable, so that leak checkers find only leaks that nobody intended.
void keep_for_ever(void* object) noexcept;

}  // namespace carousel::detail
