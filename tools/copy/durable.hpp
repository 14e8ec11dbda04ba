#pragma once

#include <cstdint>

#include "carousel/carousel.hpp"

namespace carousel::tool {

/// What of a copy is on storage, whatever becomes of the machine: `data`, a content before its name
/// is made, so that no name ever leads to a part; `full`, the names too, before the end.
enum class sync_wish : std::uint8_t { none, data, full };

/// Content and attributes of a file that is to get its name.
[[nodiscard]] task<result<>> make_content_durable(file made, sync_wish wish);

/// Makes the names in a directory durable. One that may be written to and not read cannot be synced
/// itself: there its whole file system is. Error: permission_denied where that cannot be either.
[[nodiscard]] task<result<>> make_names_durable(directory where);

}  // namespace carousel::tool
