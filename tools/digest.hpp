#pragma once

#include "carousel/carousel.hpp"

namespace carousel::tool {

/// Reads both files again, the copy from storage where the page cache can be made to forget it, and compares their XXH3
/// digests. The lease comes back. Error: io_error when they differ.
task<buf_result<void, fixed_buf>> verify_copy(file original, file copy, fixed_buf lease);

}  // namespace carousel::tool
