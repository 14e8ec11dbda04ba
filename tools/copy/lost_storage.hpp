#pragma once

#include <system_error>

namespace carousel::tool {

/// Whether the error says that storage does not answer, whatever was asked of it: it or the way to
/// it is gone, or it is broken.
[[nodiscard]] bool is_lost_storage(const std::error_code& why) noexcept;

}  // namespace carousel::tool
