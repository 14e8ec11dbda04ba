#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "copy/attributes.hpp"
#include "copy/content.hpp"
#include "copy/copy_options.hpp"
#include "copy/file_job.hpp"

namespace carousel::tool {

/// That a file system shares no storage with another one, or with itself: the same answer for all
/// their files.
struct refused_reflink {
  dev_t from = 0;
  dev_t to = 0;
  int error = 0;  ///< 0: nobody knows
};

/// Copies small files whose content is in the page cache, into a directory that this copy has made,
/// by as few calls of the thread itself as there can be. It waits for no disk, and has nothing to
/// say of what goes wrong: what is not ordinary about a file leaves it as it was, for a file_copier
/// to copy or to report.
class quick_copy {
 public:
  /// Whether files are copied as these options say.
  [[nodiscard]] static bool suits(const copy_options& options) noexcept;
  /// Whether the file systems of both directories are known to keep to their rules.
  [[nodiscard]] static bool trusts(int source, int target) noexcept;

  /// Of files in the place of this job, whose directories are open. `room` is for the content of
  /// each.
  quick_copy(const copy_options& options, const file_job& first, std::span<std::byte> room,
             refused_reflink& refused) noexcept;

  /// The copy has its name and its attributes, and what there is to say is said; or nothing was
  /// done.
  [[nodiscard]] std::optional<copied_content> copy(const file_job& job);
  /// Many were left in a row: the next ones would be, too.
  [[nodiscard]] bool is_in_vain() const noexcept;

 private:
  /// What a file is that was made with a mode, as all of the bundle are.
  struct looks {
    struct stat made;
    unsigned mode;
  };

  [[nodiscard]] std::optional<copied_content> try_copy(const file_job& job);
  [[nodiscard]] bool is_ordinary(const struct stat& about) const noexcept;
  [[nodiscard]] int why_not_shared(const struct stat& about) const noexcept;
  [[nodiscard]] bool share(int from, int to, chosen_way& way);
  [[nodiscard]] bool fill(int from, int to, copied_content& done, bool is_read);
  [[nodiscard]] bool read(int from, std::size_t size) const noexcept;
  [[nodiscard]] const struct stat* look_at(int made, unsigned mode) noexcept;

  const copy_options& options_;
  attribute_options attributes_;
  int source_;
  int target_;
  dev_t source_device_;
  dev_t target_device_;
  inherited_acl inherits_acl_;
  bool source_is_memory_;
  bool is_one_memory_;
  std::span<std::byte> room_;
  refused_reflink& refused_;
  std::optional<looks> last_;
  std::size_t left_in_row_ = 0;
};

}  // namespace carousel::tool
