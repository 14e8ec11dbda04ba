#include "copy/file_job.hpp"

#include <fmt/format.h>

#include <utility>

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

result<bool> back_up(const file_job& job, const identity& source, const copy_options& options) {
  if (!options.has_backups() || job.claimed.was_free) return true;
  const auto kept = keep_backup(job.open.target, job.target_name, options.backups, source);
  if (kept) return true;
  if (out_of_descriptors(kept.error())) return std::unexpected(kept.error());
  const std::string target = target_path(job);
  if (kept.error() == std::errc::file_exists)
    job.said->refuse(source_path(job),
                     "would be replaced by the backup of " + shell_quoted(target));
  else
    job.said->fail_at_target("keep a backup of", target, kept.error());
  return false;
}

bool collides(const file_job& job, const std::error_code& why) {
  if (!job.claimed.was_free || why != std::errc::file_exists) return false;
  const std::string spelt = spelling_of(job.open.target.fd(), job.target_name);
  job.said->refuse(source_path(job), one_name_text(target_path(*job.where, spelt)));
  return true;
}

}  // namespace carousel::tool
