#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "carousel/carousel.hpp"
#include "copy/copy_options.hpp"
#include "copy/durable.hpp"
#include "copy/extras.hpp"
#include "copy/landing.hpp"
#include "copy/place.hpp"

namespace carousel::tool {

struct file_job;

/// A file that has the hash and the name of each file of a copy. It gets its name when the copy is
/// over, in one step, and never takes it from what the copy has read, made or kept.
class manifest {
 public:
  /// In a dry run nothing is made. Error: why it cannot be made there, as a sentence.
  static std::expected<manifest, std::string> make(const copy_options& options);

  /// What cannot be written is the error of finish().
  void add(std::string_view hash, std::string_view name);
  /// Whether meet() may find something: it needs the directories of the job open.
  [[nodiscard]] bool meets_any() const noexcept { return !is_taken_ && (had_ || dry_run_); }
  /// When the job was dealt with: an error of it, the first time, when the name of the manifest is
  /// one of its two.
  void meet(const file_job& job);
  /// The names that it has and gets are no extras.
  void keep(extras& beside) const;
  /// It cannot get its name, which was said.
  [[nodiscard]] bool is_taken() const noexcept { return is_taken_; }
  /// Error: also file_exists, when something came to the name meanwhile.
  task<result<>> finish(sync_wish wish);

 private:
  explicit manifest(directory where) noexcept : where_(std::move(where)) {}
  std::expected<void, std::string> find(const copy_options& options);
  [[nodiscard]] bool has(int directory, const std::string& name, int flags) const noexcept;
  [[nodiscard]] bool is_name_of(const file_job& job) const noexcept;
  [[nodiscard]] bool is_as_it_was() const noexcept;
  void write();
  void leave_replaced_out();

  directory where_;
  std::string path_;
  std::string name_;             ///< in the directory
  std::optional<identity> had_;  ///< the name before the copy began
  bool dry_run_ = false;
  bool is_taken_ = false;
  bool may_repeat_ = false;  ///< one source may replace what came out of another
  bool in_place_ = false;    ///< and not touched before the copy is over: it may be a part of it
  std::optional<landing> made_;  ///< none as long as that is so, and in a dry run
  std::string pending_;
  std::uint64_t written_ = 0;
  std::error_code error_;
};

}  // namespace carousel::tool
