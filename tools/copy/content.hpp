#pragma once

#include <sys/stat.h>

#include <atomic>
#include <cstdint>
#include <optional>

#include "carousel/carousel.hpp"
#include "common/extents.hpp"
#include "copy/buffers.hpp"
#include "copy/content_way.hpp"
#include "copy/rate_limit.hpp"
#include "copy/reflink.hpp"
#include "copy/sparse_wish.hpp"

namespace carousel::tool {

/// Whether the content of a file should go around the page cache: large files, read and written
/// once.
inline constexpr std::uint64_t direct_bytes_min = std::uint64_t{8} << 20U;

struct content_wishes {
  reflink_wish reflink = reflink_wish::automatic;
  sparse_wish sparse = sparse_wish::automatic;  ///< else storage is not shared
  rate_limit* limit;                            ///< of what is read
  bool settles = false;  ///< with another way where descriptors are missing for the best one
};

/// The two ends of one copy, opened for buffered transfers.
struct content_ends {
  file from;
  file to;
  struct stat about;  ///< of `from`
};

/// How far one copy is, and where it failed.
class content_progress {
 public:
  enum class step : std::uint8_t { reading, writing, sharing };

  explicit content_progress(std::atomic<std::uint64_t>& total) noexcept : total_(total) {}
  void add(std::uint64_t bytes) noexcept {
    own_ += bytes;
    total_ += bytes;
  }
  /// What was copied does not count.
  void withdraw() noexcept { total_ -= own_; }
  void failed_at(std::uint64_t offset, step doing) noexcept {
    offset_ = offset;
    doing_ = doing;
  }
  [[nodiscard]] std::uint64_t failed_offset() const noexcept { return offset_; }
  [[nodiscard]] step failed_step() const noexcept { return doing_; }

 private:
  std::atomic<std::uint64_t>& total_;  ///< of all files, whichever thread copies them
  std::uint64_t own_ = 0;
  std::uint64_t offset_ = 0;
  step doing_ = step::reading;
};

/// A content that is there.
struct copied_content {
  std::uint64_t size = 0;  ///< of the copy: the source's, or where reading it ended
  chosen_way way;
  /// It is what the source had when it was opened, whatever was written to that since.
  bool is_of_then = false;
};

/// Whether large buffers copy it, in pieces: it is long, or there may be holes in it or its copy.
[[nodiscard]] bool needs_pieces(const struct stat& about, sparse_wish sparse) noexcept;

/// Whether the file was written to between the two looks at it.
[[nodiscard]] bool was_written(const struct stat& before, const struct stat& now) noexcept;
[[nodiscard]] bool was_written(int fd, const struct stat& before) noexcept;
/// Whether anything about it has changed: its content, even where somebody has put the time of that
/// back, or no more than its attributes or the number of its names.
[[nodiscard]] bool was_touched(const struct stat& before, const struct stat& now) noexcept;

/// Why storage is not shared, whatever the two files are: as chosen_way has it. 0: it is tried.
[[nodiscard]] int why_not_to_share(const struct stat& about, reflink_wish reflink,
                                   sparse_wish sparse) noexcept;

/// Shares the storage of the two files if that is wished and they can. Nothing: the content is to
/// be copied, and `done` says why.
[[nodiscard]] std::optional<result<copied_content>> share_content(const content_ends& ends,
                                                                  const content_wishes& wishes,
                                                                  copied_content& done,
                                                                  content_progress& progress);

/// What of the file is to be written. Zeros that need not be are where the map is not trusted.
[[nodiscard]] data_map data_to_copy(const content_ends& ends, sparse_wish wish);
/// The same of a part.
[[nodiscard]] data_map data_to_copy(const content_ends& ends, sparse_wish wish, extent part);

/// Shares the storage of the two files if that is wished and they can. Otherwise copies with the
/// lease, which is plain and comes back, and with large ones of the buffers where that pays: holes
/// stay holes unless that is wished otherwise, and what reading gives is copied, be it more or less
/// than the size says; but no more than the size of a file that others add to meanwhile. Errors:
/// what a transfer said, end_of_file when somebody has cut the file meanwhile, canceled after an
/// interruption; when storage is to be shared always, why it cannot be; unless it settles, that
/// descriptors are missing.
task<buf_result<copied_content, fixed_buf>> copy_content(content_ends ends, content_wishes wishes,
                                                         copy_buffers& buffers, fixed_buf lease,
                                                         content_progress& progress);

}  // namespace carousel::tool
