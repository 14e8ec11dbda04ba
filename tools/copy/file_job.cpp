#include "copy/file_job.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "common/last_error.hpp"
#include "common/naming.hpp"
#include "copy/descriptors.hpp"
#include "copy/landing.hpp"
#include "copy/target_plan.hpp"

namespace carousel::tool {
namespace {

/// Others may make backups of the same file meanwhile.
constexpr int numbers_tried_max = 100;

backup_step refuse_backup(const file_job& job, const std::string& what, const std::string& text) {
  job.said->refuse(what, text);
  return {};
}

result<backup_step> backup_failure(const file_job& job, const std::string& backup,
                                   const std::error_code& why) {
  if (out_of_descriptors(why)) return std::unexpected(why);
  // A shorter one, as of cp(1), could be that of another file as well.
  if (why == std::errc::filename_too_long)
    return refuse_backup(
        job, target_path(job),
        "cannot have a backup: " + shell_quoted(backup) + " is longer than a name may be there");
  job.said->fail_at_target("keep a backup of", target_path(job), why);
  return backup_step{};
}

/// The name that the backup gets, if there is to be one.
result<backup_step> choose_backup(const file_job& job, const identity& source,
                                  const copy_options& options) {
  if (!options.has_backups() || job.claimed.was_free) return backup_step{true};
  const int dir = job.open.target.fd();
  const std::string target = target_path(job);
  struct stat about{};
  if (::fstatat(dir, job.target_name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0)
    return errno == ENOENT || errno == ENAMETOOLONG ? backup_step{true}
                                                    : backup_failure(job, {}, last_error());
  if (!may_be_removed(dir, about))
    return refuse_backup(
        job, target,
        "cannot have a backup: its directory has the sticky bit, where only the owner of the file "
        "or of the directory may give it another name");
  auto chosen = backup_name(dir, job.target_name, options.backups, job.backups->numbered);
  if (!chosen) return backup_failure(job, {}, chosen.error());
  const std::string& backup = chosen->name;
  const std::string path = target_path(*job.where, backup);
  struct stat there{};
  if (::fstatat(dir, backup.c_str(), &there, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENAMETOOLONG)
    return backup_failure(job, backup, last_error());
  if (S_ISDIR(there.st_mode))
    return refuse_backup(job, target,
                         "cannot have a backup: " + shell_quoted(path) + " is a directory");
  if (::fstatat(dir, backup.c_str(), &there, 0) == 0 && identity_of(there) == source)
    return refuse_backup(job, source_path(job),
                         "would be replaced by the backup of " + shell_quoted(target));
  if (job.backups->alike.contains(path_below_destination(*job.where, backup)))
    return refuse_backup(
        job, path, "was just made, and would be replaced by the backup of " + shell_quoted(target));
  return backup_step{true, std::move(chosen->name), chosen->is_numbered};
}

}  // namespace

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

void list(const file_job& job, std::string_view hash, const copy_options& options) {
  if (options.manifest_file) job.said->list(hash, target_path(job));
}

if_exists replaces(const file_job& job, const copy_options& options) noexcept {
  return options.no_clobber || job.claimed.was_free ? if_exists::fail : if_exists::replace;
}

result<bool> may_back_up(const file_job& job, const identity& source, const copy_options& options) {
  if (job.where->planned) return true;
  const auto chosen = choose_backup(job, source, options);
  if (!chosen) return std::unexpected(chosen.error());
  return chosen->goes_on;
}

result<backup_step> back_up(const file_job& job, const identity& source,
                            const copy_options& options) {
  for (int tries = 1;; ++tries) {
    auto step = choose_backup(job, source, options);
    if (!step || step->backup.empty()) return step;
    const auto linked = keep_backup(job.open.target, job.target_name, step->backup,
                                    step->is_numbered ? if_exists::fail : if_exists::replace);
    if (linked) {
      job.backups->numbered.add(job.open.target.fd(), step->backup);
      step->has_both = *linked;
      return step;
    }
    const bool came = step->is_numbered && linked.error() == std::errc::file_exists;
    if (!came || tries == numbers_tried_max)
      return backup_failure(job, step->backup, linked.error());
    job.backups->numbered.forget();
  }
}

void withdraw(const file_job& job, const backup_step& step) {
  if (step.backup.empty()) return;
  const int dir = job.open.target.fd();
  if (step.has_both) {
    (void)::unlinkat(dir, step.backup.c_str(), 0);
    return;
  }
  const auto back = move_into_place(dir, step.backup, job.target_name, if_exists::fail);
  if (!back)
    job.said->refuse(target_path(job), "was there, and is " +
                                           shell_quoted(target_path(*job.where, step.backup)) +
                                           " now: it did not get its name back");
}

void remember_copy(const file_job& job, const copy_options& options) {
  if (!options.has_backups()) return;
  job.backups->numbered.add(job.open.target.fd(), job.target_name);
  if (job.target_name.ends_with(options.backups.suffix))
    job.backups->alike.insert(path_below_destination(*job.where, job.target_name));
}

bool collides(const file_job& job, const std::error_code& why) {
  if (!job.claimed.was_free || why != std::errc::file_exists) return false;
  const std::string spelt = spelling_of(job.open.target.fd(), job.target_name);
  job.said->refuse(source_path(job), one_name_text(target_path(*job.where, spelt)));
  return true;
}

}  // namespace carousel::tool
