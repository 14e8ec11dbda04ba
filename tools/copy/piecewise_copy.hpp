#pragma once

#include "copy/content.hpp"
#include "copy/extents.hpp"

namespace carousel::tool {

/// canceled after an interruption.
[[nodiscard]] std::error_code interruption_error() noexcept;

/// Copies a large or sparse file: pieces of its data at once, each with a large buffer, around the page cache where the file is
/// long and both file systems can. Its size is the source's afterwards, and where it had no data it has none.
/// Errors: as copy_content().
task<result<>> copy_in_pieces(content_ends ends, data_map data, copy_buffers& buffers,
                              content_progress& progress);

}  // namespace carousel::tool
