#pragma once

#include <cstdint>

namespace carousel::tool {

/// Whether copy_file_range is the quickest way between two files: both are on one tmpfs, where it
/// copies from page to page and nothing has to be waited for. Elsewhere a buffer is as quick or
/// quicker, and so is sharing storage where that is what the call does.
[[nodiscard]] bool is_one_memory(int from, int to) noexcept;

/// Copies the first bytes of a file to an empty one. False: not all of them came over, for whatever
/// reason.
[[nodiscard]] bool copy_in_kernel(int from, int to, std::uint64_t size) noexcept;

}  // namespace carousel::tool
