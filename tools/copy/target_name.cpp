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
#include "copy/link_text.hpp"

// The name of a copy: what has it already, and whether it becomes a further name of a file that was
// copied.

namespace carousel::tool {
target_plan copier::plan_of(const file_job& job, const struct stat& about) const {
  if (job.claimed.was_free) return {};
  if (options_.dry_run) {
    if (const auto plan = plan_beside_foreseen(job, about)) return *plan;
  }
  // The inodes of links do not tell where they lead.
  const bool may_be_finished =
      options_.resume == resume_wish::by_time &&
      (!S_ISLNK(about.st_mode) || lead_to_one({job.open.source.fd(), job.source_name.c_str()},
                                              {job.open.target.fd(), job.target_name.c_str()}));
  return plan_for_target(
      job.open.target.fd(), job.target_name.c_str(),
      {identity_of(about), options_.no_clobber, landed_, about.st_mode & S_IFMT,
       options_.update ? std::optional(about.st_mtim) : std::nullopt, options_.has_backups(),
       attributes_.preserve, may_be_finished ? &about : nullptr});
}

/// False when the plan is to leave things as they are, which is said or counted.
bool copier::goes_on(file_job& job, const target_plan& plan) {
  using step = target_plan::step;
  const auto keep = [&] {
    ++report_.skipped;
    job.is_kept = true;
  };
  if (plan.next == step::keep) keep();
  if (plan.next != step::keep && !job.claimed.rival.empty()) {
    job.said->refuse(source_path(job), one_name_text(target_path(*job.where, job.claimed.rival)));
    return false;
  }
  if (plan.next == step::refuse) {
    const std::string target = target_path(job);
    const std::string about = plan.why.about == side::source ? source_path(job) : target;
    job.said->refuse(about, plan.why.sentence(shell_quoted(target)));
  }
  if (plan.next == step::keep || plan.next == step::refuse) return false;
  if (plan.next == step::make || !options_.interactive || job.agreed) return true;
  report_.before_output();
  job.agreed = agree(fmt::format("overwrite {}", shell_quoted(target_path(job))));
  if (!job.agreed) keep();
  return job.agreed;
}

/// False when nothing is to be copied: the name is a further one of a file, or what has it stays.
copier::attempt copier::is_to_be_made(file_job& job, const struct stat& about,
                                      const target_plan& plan) {
  if (plan.is_current) {
    const attempt linked = is_linked(job, about, plan);
    if (!linked || *linked) return after(linked, false);
    job.is_current = true;
  }
  if (!goes_on(job, plan)) return false;
  const attempt linked = is_linked(job, about, plan);
  if (!linked || *linked) return after(linked, false);
  // Said before the content is copied.
  const auto may = may_back_up(job, identity_of(about), options_);
  if (!may) return std::unexpected(no_descriptor{may.error(), "keep a backup of", side::target});
  return *may;
}

/// Whether it is another name of a file that was copied, or that will be.
copier::attempt copier::is_linked(file_job& job, const struct stat& about,
                                  const target_plan& plan) {
  // Several links that are followed lead to one file.
  const bool has_names = about.st_nlink > 1 || job.follow;
  if (job.leads || !options_.keeps_hard_links() || !has_names) return false;
  if (share_ != nullptr && share_->takes_name(job, about)) return true;
  const auto file =
      likenesses_.of(job.open.source.fd(), job.source_name.c_str(), job.follow, about);
  if (!file) return std::unexpected(no_descriptor{file.error(), "open"});
  // It has waited for another file than it is now.
  if (job.has_names && *job.has_names != *file) return false;
  hard_links::copied first;
  switch (links_.meet(*file, job, first)) {
    case hard_links::role::first: return false;
    case hard_links::role::later:
      if (has_link(job, first)) return true;
      if (options_.dry_run) {
        foresee_link(job, about);
        return true;
      }
      if (plan.next != target_plan::step::write_in_place) {
        const attempt linked = link_again(job, first);
        if (!linked || *linked) return linked;
      }
      // This name gets a copy of its own, which those that are still to come are linked to.
      links_.begin_again(*file, job);
      return false;
    case hard_links::role::waiting: return true;
  }
  return false;
}

/// What became of a name of a file that has several: gives back who waited for that.
std::optional<file_job> copier::next_name(const file_job& job, bool landed) {
  if (!job.has_names) return std::nullopt;
  std::optional<hard_links::copied> made;
  struct stat about{};
  if (job.leads && job.is_foreseen)
    made = hard_links::copied{job.where, job.target_name, identity(), {}};
  else if (job.leads && landed &&
           ::fstatat(job.open.target.fd(), job.target_name.c_str(), &about, AT_SYMLINK_NOFOLLOW) ==
               0)
    made = hard_links::copied{job.where, job.target_name, identity_of(about), job.hash};
  return links_.finish(*job.has_names, std::move(made));
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
  list(job, first.hash, options_);
  return true;
}

/// False: the copy of the first name is not there any more, and this name gets one of its own.
copier::attempt copier::link_again(const file_job& job, const hard_links::copied& first) {
  const bool is_here = first.where == job.where;
  const auto there =
      is_here ? result<directory>(job.open.target) : open_side(*first.where, side::target);
  if (!there && out_of_descriptors(there.error()))
    return std::unexpected(no_descriptor{there.error(), "link", side::target});
  struct stat about{};
  if (!there || ::fstatat(there->fd(), first.name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0 ||
      identity_of(about) != first.copy)
    return false;
  const auto kept = back_up(job, first.copy, options_);
  if (!kept) return std::unexpected(no_descriptor{kept.error(), "keep a backup of", side::target});
  if (!kept->goes_on) return true;
  const auto linked =
      land_node(job.open.target, job.target_name, replaces(job, options_), [&](const char* as) {
        return ::linkat(there->fd(), first.name.c_str(), job.open.target.fd(), as, 0);
      });
  if (!linked) withdraw(job, *kept);
  if (!linked && collides(job, linked.error())) return true;
  if (!linked && takes_no_link(linked.error())) {
    job.said->note(fmt::format("some hard links became copies: {}", linked.error().message()));
    return false;
  }
  if (!linked) {
    fail_to_make("link", job, linked.error());
    return true;
  }
  remember_copy(job, options_);
  ++report_.hard_links;
  tell(job);
  list(job, first.hash, options_);
  return true;
}

}  // namespace carousel::tool
