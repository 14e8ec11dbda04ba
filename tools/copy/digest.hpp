#pragma once

#include "carousel/carousel.hpp"

namespace carousel::tool {

/// Reads both files again, the copy from storage where the page cache can be made to forget it, and compares their XXH3
/// digests: true if they are the same. The lease comes back.
task<buf_result<bool, fixed_buf>> verify_copy(file original, file copy, fixed_buf lease);

}  // namespace carousel::tool
