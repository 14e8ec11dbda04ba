#pragma once

#include <cstdint>

#include "carousel/carousel.hpp"

namespace carousel::tool {

/// Reads both files again, the copy from storage where the page cache can be made to forget it, and
/// compares their sizes and their XXH3 digests: true if they are the same. `size` is that of the
/// copy; what is a hole of both is not read. The lease comes back.
task<buf_result<bool, fixed_buf>> verify_copy(file original, file copy, std::uint64_t size,
                                              fixed_buf lease);

}  // namespace carousel::tool
