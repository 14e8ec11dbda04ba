#pragma once

#include "carousel/detail/base/request.hpp"

namespace carousel::fake {

/// The name of a field that is not zero although this operation does not use it; null if there is
/// none. Linux refuses such requests from 7.1 on, and may give the field a meaning in any version.
[[nodiscard]] const char* unused_field_set(const detail::request& entry) noexcept;

}  // namespace carousel::fake
