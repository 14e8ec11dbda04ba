#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "carousel/detail/file_call.hpp"
#include "carousel/task.hpp"

namespace carousel {

struct directory_entry {
  std::string name;
  std::filesystem::file_type type;  ///< unknown where the file system does not say
};

/// Operations on directories by their path. Paths are copied.
struct directory {
  /// mkdir(2); `mode` is before the umask. Error: file_exists.
  static detail::operation<detail::path_call> create(const std::filesystem::path& path,
                                                     unsigned mode = 0777);
  /// Creates the missing directories of the path; it is no error if all exist. Error: not_a_directory.
  static task<result<>> create_all(std::filesystem::path path, unsigned mode = 0777);
  /// rmdir(2): the directory must be empty.
  static detail::operation<detail::path_call> remove(const std::filesystem::path& path);
  static detail::operation<detail::path_call> rename(const std::filesystem::path& from,
                                                     const std::filesystem::path& to);
  /// The names in the directory without "." and "..", in no particular order. io_uring has no such operation: this reads in
  /// blocking calls, and lets other tasks run between batches of names.
  static task<result<std::vector<directory_entry>>> list(std::filesystem::path path);
};

}  // namespace carousel
