#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "common/naming.hpp"
#include "common/output.hpp"
#include "copy/copier.hpp"

// The name of a copy: what has it already, and whether it becomes a further name of a file that was
// copied.

namespace carousel::tool {
target_plan copier::plan_of(const file_job& job, const struct stat& about) const {
  if (job.claimed.was_free) return {};
  if (options_.dry_run) {
    if (const auto plan = plan_beside_foreseen(job)) return *plan;
  }
  return plan_for_target(
      job.open.target.fd(), job.target_name.c_str(),
      {identity_of(about), options_.no_clobber, landed_, about.st_mode & S_IFMT,
       options_.update ? std::optional(about.st_mtim) : std::nullopt, has_backups(),
       attributes_.preserve, options_.resume == resume_wish::by_time ? &about : nullptr});
}

/// False when the plan is to leave things as they are, which is said or counted.
bool copier::goes_on(file_job& job, const target_plan& plan) {
  using step = target_plan::step;
  if (plan.next == step::keep) {
    ++report_.skipped;
    job.is_kept = true;
  }
  if (plan.next != step::keep && !job.claimed.rival.empty()) {
    report_.refuse(source_path(*job.where, job.source_name),
                   one_name_text(target_path(*job.where, job.claimed.rival)));
    return false;
  }
  if (plan.next == step::refuse) {
    const std::string target = target_path(*job.where, job.target_name);
    const std::string about =
        plan.why.about == side::source ? source_path(*job.where, job.source_name) : target;
    report_.refuse(about, plan.why.sentence(shell_quoted(target)));
  }
  if (plan.next == step::keep || plan.next == step::refuse) return false;
  if (plan.next == step::make || !options_.interactive || job.agreed) return true;
  report_.before_output();
  job.agreed =
      agree(fmt::format("overwrite {}", shell_quoted(target_path(*job.where, job.target_name))));
  if (!job.agreed) ++report_.skipped;
  return job.agreed;
}

/// False when nothing is to be copied: the name is a further one of a file, or what has it stays.
bool copier::is_to_be_made(file_job& job, const struct stat& about, const target_plan& plan) {
  if (plan.is_current) {
    if (is_linked(job, about, plan)) return false;
    job.is_current = true;
  }
  return goes_on(job, plan) && !is_linked(job, about, plan);
}

/// Whether it is another name of a file that was copied, or that will be.
bool copier::is_linked(file_job& job, const struct stat& about, const target_plan& plan) {
  // Several links that are followed lead to one file.
  const bool has_names = about.st_nlink > 1 || job.follow;
  if (job.leads || !options_.keeps_hard_links() || !has_names) return false;
  const likeness file =
      likenesses_.of(job.open.source.fd(), job.source_name.c_str(), job.follow, about);
  hard_links::copied first;
  switch (links_.meet(file, job, first)) {
    case hard_links::role::first: job.leads = file; return false;
    case hard_links::role::later:
      if (has_link(job, first)) return true;
      if (options_.dry_run) {
        foresee_link(job);
        return true;
      }
      if (plan.next != target_plan::step::write_in_place && link_again(job, first)) return true;
      // This name gets a copy of its own, which those that are still to come are linked to.
      links_.begin_again(file);
      job.leads = file;
      return false;
    case hard_links::role::waiting: return true;
  }
  return false;
}

/// What became of the first name of a file that has several: gives back who waited for that.
std::vector<file_job> copier::end_lead(const file_job& job, bool landed) {
  if (!job.leads) return {};
  std::optional<hard_links::copied> made;
  struct stat about{};
  if (job.is_foreseen)
    made = hard_links::copied{job.where, job.target_name, identity(), {}};
  else if (landed && ::fstatat(job.open.target.fd(), job.target_name.c_str(), &about,
                               AT_SYMLINK_NOFOLLOW) == 0)
    made = hard_links::copied{job.where, job.target_name, identity_of(about), job.hash};
  return links_.finish(*job.leads, std::move(made));
}

bool copier::has_backups() const noexcept {
  return options_.backups.how != backup_wish::control::none;
}

/// Before the name is taken from what has it. False: it cannot be, which was said.
bool copier::back_up(const file_job& job, const identity& source) {
  if (!has_backups() || job.claimed.was_free) return true;
  const auto kept = keep_backup(job.open.target, job.target_name, options_.backups, source);
  if (kept) return true;
  const std::string target = target_path(*job.where, job.target_name);
  if (kept.error() == std::errc::file_exists)
    report_.refuse(source_path(*job.where, job.source_name),
                   "would be replaced by the backup of " + shell_quoted(target));
  else
    report_.fail_at_target("keep a backup of", target, kept.error());
  return false;
}

/// What has come to a name that was free.
bool copier::collides(const file_job& job, const std::error_code& why) {
  if (!job.claimed.was_free || why != std::errc::file_exists) return false;
  const std::string spelt = spelling_of(job.open.target.fd(), job.target_name);
  report_.refuse(source_path(*job.where, job.source_name),
                 one_name_text(target_path(*job.where, spelt)));
  return true;
}

/// Whether a name may be taken from what has it.
bool copier::replaces(const file_job& job) const noexcept {
  return !options_.no_clobber && !job.claimed.was_free;
}

/// Whether the name is one of the copy already, which can be where files are written in place.
bool copier::has_link(const file_job& job, const hard_links::copied& first) {
  struct stat about{};
  if (job.claimed.was_free ||
      ::fstatat(job.open.target.fd(), job.target_name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0)
    return false;
  if (identity_of(about) != first.copy) return false;
  ++report_.hard_links;
  tell(job);
  list(job, first.hash);
  return true;
}

/// False: the copy of the first name is not there any more, and this name gets one of its own.
bool copier::link_again(const file_job& job, const hard_links::copied& first) {
  handles there;
  struct stat about{};
  if (!open_handles(*first.where, there) ||
      ::fstatat(there.target.fd(), first.name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0 ||
      identity_of(about) != first.copy)
    return false;
  if (!back_up(job, first.copy)) return true;
  const auto linked =
      land_node(job.open.target, job.target_name, replaces(job), [&](const char* as) {
        return ::linkat(there.target.fd(), first.name.c_str(), job.open.target.fd(), as, 0);
      });
  if (!linked && collides(job, linked.error())) return true;
  if (!linked && takes_no_link(linked.error())) {
    report_.note(fmt::format("some hard links became copies: {}", linked.error().message()));
    return false;
  }
  if (!linked) {
    fail_to_make("link", job, linked.error());
    return true;
  }
  ++report_.hard_links;
  tell(job);
  list(job, first.hash);
  return true;
}

void copier::fail_to_make(std::string_view what, const file_job& job, const std::error_code& why) {
  const std::string target = target_path(*job.where, job.target_name);
  const bool denied = why == std::errc::operation_not_permitted;
  const std::string_view lock = denied ? lock_of(job.open.target.fd()) : std::string_view();
  if (lock.empty())
    report_.fail_at_target(what, target, why);
  else
    report_.refuse(target, lock);
}

}  // namespace carousel::tool
