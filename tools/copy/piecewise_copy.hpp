#pragma once

#include "common/extents.hpp"
#include "copy/content.hpp"

namespace carousel::tool {

/// canceled after an interruption.
[[nodiscard]] std::error_code interruption_error() noexcept;

/// Copies a large or sparse file: pieces of its data at once, each with a large buffer, around the
/// page cache where the file is long and both file systems can. Where it had no data the copy has
/// none. Gives the size of the copy: the source's, or less where reading ended before. `way` is
/// told whether it was direct, or why not. Errors: as copy_content().
task<result<std::uint64_t>> copy_in_pieces(content_ends ends, data_map data, copy_buffers& buffers,
                                           const content_wishes& wishes, chosen_way& way,
                                           content_progress& progress);

/// Gives the copy its size, and its storage in one piece where it is to have any everywhere: for
/// those who write parts of it. Errors: there is no room, or no descriptor to find out with.
task<result<>> make_room_for_parts(const content_ends& ends, const data_map& data);

}  // namespace carousel::tool
