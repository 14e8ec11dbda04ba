#pragma once

#include <string>

#include "carousel/carousel.hpp"

namespace carousel::tool {

/// Opens a regular file for reading; `nofollow`: O_NOFOLLOW, or 0 where a link may lead to it.
/// Nothing else is waited for. Error: also invalid_argument when it is something else.
[[nodiscard]] result<file> open_regular(int directory, const std::string& name,
                                        int nofollow) noexcept;

}  // namespace carousel::tool
