#pragma once

#include "carousel/carousel.hpp"

namespace carousel::tool {

/// Makes the names in a directory durable. One that may be written to and not read cannot be synced
/// itself: there its whole file system is. Error: permission_denied where that cannot be either.
[[nodiscard]] task<result<>> make_names_durable(directory where);

}  // namespace carousel::tool
