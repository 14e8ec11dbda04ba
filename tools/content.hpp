#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>

#include "carousel/carousel.hpp"

namespace carousel::tool {

/// Whether the content of a file should go around the page cache: large files, read and written once.
inline constexpr std::uint64_t direct_bytes_min = std::uint64_t{8} << 20U;

/// The two ends of one copy; opened for buffered transfers.
struct open_pair {
  file from;
  file to;
  std::filesystem::path source;
  std::filesystem::path target;  ///< the temporary name that `to` has now
  struct stat about;             ///< of `from`
};

/// Copies the content with the lease, which comes back, and for a large file with others of the pool that are free: nobody
/// waits for a second buffer, so two buffers are enough for any number of files. Holes stay holes. Adds to `bytes` as it goes.
/// Errors: what a transfer said, end_of_file when the source shrank, canceled after an interruption.
task<buf_result<void, fixed_buf>> copy_content(const open_pair& files, fixed_buf_pool pool,
                                               fixed_buf lease, std::uint64_t& bytes);

}  // namespace carousel::tool
