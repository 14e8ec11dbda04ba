#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace carousel::tool {

/// What of some trees is in the page cache. A file with several names counts once in `resident`,
/// and each time in the others.
struct cache_state {
  std::uint64_t files = 0;     ///< regular files
  std::uint64_t bytes = 0;     ///< their sizes
  std::uint64_t resident = 0;  ///< bytes of memory, in whole pages
  std::uint64_t unknown = 0;   ///< files whose state the kernel does not tell this user
};

/// Looks without touching: mincore(2). Symbolic links are not followed.
cache_state look_at_cache(const std::vector<std::filesystem::path>& trees);

/// Asks the kernel to forget the pages of every regular file. Pages that were not yet written stay:
/// sync first.
void drop_cache(const std::vector<std::filesystem::path>& trees);

/// syncfs(2) of the file system that holds `path`; 0 or an errno.
int sync_file_system(const std::filesystem::path& path);

}  // namespace carousel::tool
