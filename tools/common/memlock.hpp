#pragma once

#include <sys/resource.h>

#include <cstddef>
#include <string>

namespace carousel::tool {

/// "64 KiB" or "unlimited".
[[nodiscard]] std::string kib_text(rlim_t bytes);
/// The soft RLIMIT_MEMLOCK.
[[nodiscard]] std::string memlock_limit_text();
/// What RLIMIT_MEMLOCK should be in KiB for so many bytes of buffers: the rings count too.
[[nodiscard]] rlim_t memlock_kib_for(std::size_t buffer_bytes) noexcept;
/// What to type so that the limit becomes this, given how far this user may go alone.
[[nodiscard]] std::string memlock_fix(rlim_t wanted_kib);
/// For limits.conf.
[[nodiscard]] std::string user_name();

}  // namespace carousel::tool
