#pragma once

#include "carousel/config.hpp"

namespace carousel::detail {

/// From now on the end of the process is noticed. Called by everything that makes a runtime.
void watch_exit() noexcept;

/// This object, which is being destroyed, is so by exit(): it is static, or belongs to something
/// static that is older than the watch. Tasks may stand in the middle of using it, and none of them
/// will go on: the process ends with its status. Not known of other memory, thread_local objects
/// among it.
[[nodiscard]] bool destroyed_by_exit(const void* object) noexcept;

}  // namespace carousel::detail
