#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_set>

#include "copy/attribute_table.hpp"
#include "copy/backup.hpp"
#include "copy/copy_options.hpp"
#include "copy/file_report.hpp"
#include "copy/likeness.hpp"
#include "copy/name_claims.hpp"
#include "copy/place.hpp"
#include "copy/turns.hpp"
#include "copy/walk.hpp"

namespace carousel::tool {

/// What a run with -b knows of backups.
struct backup_memory {
  /// What it has copied to names that simple ones could have, by path below the destination.
  std::unordered_set<std::string> alike;
  numbered_backups numbered;
};

/// One name that is to be copied, and what is no directory.
struct file_job {
  std::shared_ptr<place> where;
  handles open;
  std::string source_name;
  std::string target_name;
  claim claimed = {};
  bool follow = false;                     ///< a symbolic link is followed
  std::shared_ptr<file_report> said = {};  ///< what is to be said of it
  turns::turn turn = {};                   ///< in the order of the walk, until it is decided on
  bool agreed = false;                     ///< -i: to replace what has its name
  bool is_current = false;                 ///< -u keeps what has its name, which stands for a copy
  bool is_foreseen = false;                ///< a dry run would copy it
  bool is_kept = false;                    ///< what has its name stays
  std::string hash = {};                   ///< of its content, for a manifest
  std::optional<likeness> has_names = {};  ///< its file has several, and no other is dealt with now
  bool leads = false;                      ///< it is copied, and the others become links to it
  backup_memory* backups = nullptr;        ///< with -b
};

// What is the same for all that gets a name at the target. They say what there is to say; of a job
// that another thread works on, there.

[[nodiscard]] std::string source_path(const file_job& job);
[[nodiscard]] std::string target_path(const file_job& job);
/// `how` says more of it.
void tell(const file_job& job, std::string_view how = {});
void tell_lost(const file_job& job, const attribute_losses& lost);
void fail_to_make(std::string_view what, const file_job& job, const std::error_code& why);
void note_in_place(const file_job& job, std::string_view why);
/// For the manifest, if there is one. Without a hash: what has the name now is no file that it
/// could list.
void list(const file_job& job, std::string_view hash, const copy_options& options);

/// What becomes of a file that has the name.
[[nodiscard]] if_exists replaces(const file_job& job, const copy_options& options) noexcept;
/// What became of the backup of what has the name.
struct backup_step {
  bool goes_on = false;     ///< to the copy; otherwise what is in the way was said
  std::string backup = {};  ///< the name that what was there has now; empty: nothing was there
  bool is_numbered = false;
  bool has_both = false;  ///< it has the other one too, until the copy takes that
};
/// Whether what has the name may have a backup, which need not be; what is in the way was said.
/// Error: there is no descriptor to find out.
[[nodiscard]] result<bool> may_back_up(const file_job& job, const identity& source,
                                       const copy_options& options);
/// Before the name is taken from what has it. Error: there is no descriptor for it.
[[nodiscard]] result<backup_step> back_up(const file_job& job, const identity& source,
                                          const copy_options& options);
/// The copy has not got the name.
void withdraw(const file_job& job, const backup_step& backup);
/// The copy has got it.
void remember_copy(const file_job& job, const copy_options& options);
/// Whether it was refused because something has come to a name that was free, which was said.
[[nodiscard]] bool collides(const file_job& job, const std::error_code& why);

}  // namespace carousel::tool
