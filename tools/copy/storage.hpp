#pragma once

#include <cstddef>
#include <cstdint>

#include "carousel/carousel.hpp"

namespace carousel::tool {

/// What offsets and lengths of O_DIRECT transfers with memory of `memory_alignment` must be multiples of; 0: they are not
/// possible, or the file system does not say how.
task<std::uint64_t> direct_grain(const file& f, std::size_t memory_alignment);

}  // namespace carousel::tool
