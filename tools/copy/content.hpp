#pragma once

#include <sys/stat.h>

#include <cstdint>

#include "carousel/carousel.hpp"
#include "copy/buffers.hpp"

namespace carousel::tool {

/// Whether the content of a file should go around the page cache: large files, read and written once.
inline constexpr std::uint64_t direct_bytes_min = std::uint64_t{8} << 20U;

/// The two ends of one copy, opened for buffered transfers.
struct content_ends {
  file from;
  file to;
  struct stat about;  ///< of `from`
};

/// How far one copy is, and where it failed.
class content_progress {
 public:
  explicit content_progress(std::uint64_t& total) noexcept : total_(total) {}
  void add(std::uint64_t bytes) noexcept {
    own_ += bytes;
    total_ += bytes;
  }
  /// What was copied does not count.
  void take_back() noexcept { total_ -= own_; }
  void failed_at(std::uint64_t offset, bool writing) noexcept {
    offset_ = offset;
    writing_ = writing;
  }
  [[nodiscard]] std::uint64_t failed_offset() const noexcept { return offset_; }
  [[nodiscard]] bool failed_writing() const noexcept { return writing_; }

 private:
  std::uint64_t& total_;  ///< of all files
  std::uint64_t own_ = 0;
  std::uint64_t offset_ = 0;
  bool writing_ = false;
};

/// Copies the content with the lease, which is plain and comes back, and with large ones of the buffers where that pays. Holes
/// stay holes. Of a file that has a size no more than that is copied.
/// Errors: what a transfer said, end_of_file when there was less than the size said, canceled after an interruption.
task<buf_result<void, fixed_buf>> copy_content(content_ends ends, copy_buffers& buffers,
                                               fixed_buf lease, content_progress& progress);

}  // namespace carousel::tool
