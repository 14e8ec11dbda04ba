#pragma once

#include <cstdint>

#include "carousel/result.hpp"

namespace carousel::tool {

/// What --reflink says.
enum class reflink_wish : std::uint8_t {
  automatic,  ///< where it can be
  always,     ///< or not at all
  never,
};

/// Makes an empty file a second owner of all storage of `from`, as it is at this moment: at once,
/// without a byte being read or written, with its holes, and with its compression where there is
/// any. What is written to one of the two later is not in the other. Dirty pages of the source are
/// written back first, which may take a while. Error: what FICLONE says, and the file is empty
/// again; after io_error it may not be.
[[nodiscard]] result<> share_storage(int from, int to) noexcept;

}  // namespace carousel::tool
