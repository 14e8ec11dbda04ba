#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "carousel/carousel.hpp"
#include "common/content_hash.hpp"

namespace carousel::tool {

/// Reads both files again, the copy from storage where the page cache can be made to forget it, and
/// compares their sizes and their XXH3 hashes: true if they are the same. `size` is that of the
/// copy; what is a hole of both is not read. The lease comes back.
task<buf_result<bool, fixed_buf>> verify_copy(file original, file copy, std::uint64_t size,
                                              fixed_buf lease);

/// Of what reading the file gives, in hexadecimal digits: up to the offset `end`, or all of it, but
/// no more than the size of a file that others add to meanwhile. Holes are not read. The lease
/// comes back.
task<buf_result<std::string, fixed_buf>> hash_content(file f, hash_kind kind, fixed_buf lease,
                                                      std::optional<std::uint64_t> end = {});

}  // namespace carousel::tool
