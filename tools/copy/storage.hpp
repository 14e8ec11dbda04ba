#pragma once

#include <cstddef>
#include <cstdint>
#include <system_error>

#include "carousel/carousel.hpp"

namespace carousel::tool {

/// What offsets and lengths of O_DIRECT transfers with memory of `memory_alignment` must be
/// multiples of; 0: they are not possible, or the file system does not say how.
task<std::uint64_t> direct_grain(const file& f, std::size_t memory_alignment);

/// Whether what is written through the page cache to this file is compressed. Storage that was
/// allocated before and direct writes are not, on btrfs. Error: there is no descriptor to find out.
[[nodiscard]] result<bool> compresses(int fd);

/// Whether a refused fallocate(2) is a verdict on the writes that would follow. Everything else
/// says something of fallocate only, which many file systems do not have; so does a full disk under
/// mergerfs, which moves a file to another one when a write finds no room (moveonenospc), and only
/// then.
[[nodiscard]] bool leaves_no_room(int fd, const std::error_code& why);

}  // namespace carousel::tool
