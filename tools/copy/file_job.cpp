#include "copy/file_job.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "common/last_error.hpp"
#include "common/naming.hpp"
#include "copy/backup.hpp"
#include "copy/descriptors.hpp"
#include "copy/target_plan.hpp"

namespace carousel::tool {

std::string source_path(const file_job& job) { return source_path(*job.where, job.source_name); }
std::string target_path(const file_job& job) { return target_path(*job.where, job.target_name); }

void tell(const file_job& job, std::string_view how) {
  if (job.said->names_each()) job.said->tell(source_path(job), target_path(job), how);
}

void tell_lost(const file_job& job, const attribute_losses& lost) {
  job.said->lose(lost,
                 [&](bool of_source) { return of_source ? source_path(job) : target_path(job); });
}

void fail_to_make(std::string_view what, const file_job& job, const std::error_code& why) {
  const bool denied = why == std::errc::operation_not_permitted;
  const std::string_view lock = denied ? lock_of(job.open.target.fd()) : std::string_view();
  if (lock.empty())
    job.said->fail_at_target(what, target_path(job), why);
  else
    job.said->refuse(target_path(job), lock);
}

void note_in_place(const file_job& job, std::string_view why) {
  job.said->note(fmt::format(
      "a file is written in place, not replaced in one step, where {}: it is not whole until the "
      "end",
      why));
}

void list(const file_job& job, std::string_view hash) {
  if (!hash.empty()) job.said->list(hash, target_path(job));
}

if_exists replaces(const file_job& job, const copy_options& options) noexcept {
  return options.no_clobber || job.claimed.was_free ? if_exists::fail : if_exists::replace;
}

result<backup_step> back_up(const file_job& job, const identity& source,
                            const copy_options& options) {
  if (!options.has_backups() || job.claimed.was_free) return backup_step{true};
  const int dir = job.open.target.fd();
  const std::string target = target_path(job);
  const auto fail = [&](const std::error_code& why) -> result<backup_step> {
    if (out_of_descriptors(why)) return std::unexpected(why);
    job.said->fail_at_target("keep a backup of", target, why);
    return backup_step{};
  };
  const auto refuse = [&](const std::string& what, const std::string& text) {
    job.said->refuse(what, text);
    return backup_step{};
  };
  struct stat about{};
  if (::fstatat(dir, job.target_name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0)
    return errno == ENOENT ? backup_step{true} : fail(last_error());
  if (!may_be_removed(dir, about))
    return refuse(target,
                  "cannot have a backup: its directory has the sticky bit, where only the owner of "
                  "the file or of the directory may give it another name");
  const auto backup = backup_name(dir, job.target_name, options.backups);
  if (!backup) return fail(backup.error());
  struct stat there{};
  if (::fstatat(dir, backup->c_str(), &there, 0) == 0 && identity_of(there) == source)
    return refuse(source_path(job), "would be replaced by the backup of " + shell_quoted(target));
  if (job.like_backups->contains(path_below_destination(*job.where, *backup)))
    return refuse(target_path(*job.where, *backup),
                  "was just made, and would be replaced by the backup of " + shell_quoted(target));
  const auto linked = keep_backup(job.open.target, job.target_name, *backup);
  if (!linked) return fail(linked.error());
  return backup_step{true, *linked ? *backup : std::string()};
}

void withdraw(const file_job& job, const backup_step& backup) {
  if (!backup.link.empty()) (void)::unlinkat(job.open.target.fd(), backup.link.c_str(), 0);
}

void remember_copy(const file_job& job, const copy_options& options) {
  if (options.has_backups() && job.target_name.ends_with(options.backups.suffix))
    job.like_backups->insert(path_below_destination(*job.where, job.target_name));
}

bool collides(const file_job& job, const std::error_code& why) {
  if (!job.claimed.was_free || why != std::errc::file_exists) return false;
  const std::string spelt = spelling_of(job.open.target.fd(), job.target_name);
  job.said->refuse(source_path(job), one_name_text(target_path(*job.where, spelt)));
  return true;
}

}  // namespace carousel::tool
