#pragma once

#include <cstddef>
#include <cstdint>

#include "carousel/carousel.hpp"

namespace carousel::tool {

/// As file::read_at, but asks behind the size as well, which FUSE does not do for asynchronous
/// reads.
buf_result<std::size_t, fixed_buf> read_behind(int fd, fixed_buf lease, std::uint64_t at);

}  // namespace carousel::tool
